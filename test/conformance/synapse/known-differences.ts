/**
 * Cases that do not pass, each with the reason. A case that starts to pass fails the suite until it is taken out; the same
 * list stands in docs/synapse-parity.md, which a test compares.
 */

const MISSING = "the case's files do not hold";

export const KNOWN_DIFFERENCES: ReadonlyMap<string, string> = new Map([
  [
    "clone-CloneIntegrationNamedEndpointsTestCase",
    `${MISSING} the sequence aggregateMessagesSeq, which makes one answer of the two`,
  ],
  [
    "auto-InvalidSoapActionTestCase-testInvalidSoapActionValidPayloadFirstElement-263",
    `${MISSING} the sequence aggregateMessagesForIterateTests`,
  ],
  [
    "auto-DynamicKeyXsltTransformationTestCase-xsltTransformationFromDynamicKey-223",
    `${MISSING} the sequences xsltMediatorTestInSequence and xsltMediatorTestOutSequence`,
  ],
  [
    "auto-InLineLocalEntryXsltTransformationTestCase-xsltTransformationWithInlineLocalEntry-225",
    `${MISSING} the endpoint StockQuote_9000_EP, and its back end is "none"`,
  ],
  [
    "auto-XsltTransformationFromUrlTestCase-xsltTransformationFromUrl-226",
    `${MISSING} the endpoint StockQuote_9000_EP, and the stylesheets lie on a server that has gone`,
  ],
  [
    "auto-LogMediatorLevelTest-testSendingToDefinedEndpoint-0",
    `${MISSING} the sequence logCategoryTestSequence`,
  ],
  [
    "auto-SetHostHttpHeaderTestCase-testSetHostHttpHeaderTestCase-396",
    `${MISSING} the service HttpHostHeaderTestProxy that answers the second hop`,
  ],
  [
    "auto-ConditionalRouterIntegrationTest-conditionalRouterMediatorWithContinueAfterFalseTest-153",
    "the request lacks the wsa:To that its only route matches, and what follows the router does not run",
  ],
  [
    "auto-DynamicSequenceTestCase-testSequenceMediator-229",
    "the request lacks the header Sequence, whose value names the sequence to run",
  ],
  [
    "auto-ESBJAVA4423CustomStatusDescriptionTest-testCustomStatusDescription-327",
    "the back end with the custom status line is not described by the case",
  ],
  [
    "auto-PropertyIntegrationFORCE_HTTP_10TestCase-testWithForceHTTP10EnabledFalseTest-91",
    "it looks for the request line of a wire capture in the body of the answer",
  ],
  [
    "pf-xml-array",
    "an element of a format without xmlns stands in the namespace of its file, so it is <root xmlns=..>",
  ],
]);
