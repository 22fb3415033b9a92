/** Cases that do not pass, each with the reason. A case that starts to pass fails the suite until it is taken out. */

const MISSING = "the case's files do not hold";

export const KNOWN_DIFFERENCES: ReadonlyMap<string, string> = new Map([
  [
    "auto-DynamicKeyXsltTransformationTestCase-xsltTransformationFromDynamicKey-223",
    `${MISSING} the sequences xsltMediatorTestInSequence and xsltMediatorTestOutSequence`,
  ],
  [
    "auto-LogMediatorLevelTest-testSendingToDefinedEndpoint-0",
    `${MISSING} the sequence logCategoryTestSequence`,
  ],
  [
    "auto-SequenceAsLocalRegistryEntryTestCase-testSequenceAsLocalRegistryEntry-395",
    `${MISSING} dynamic_seq_1.xml, which its local entry names in src`,
  ],
  [
    "auto-DynamicSequenceTestCase-testSequenceMediator-229",
    "the request lacks the header Sequence, whose value names the sequence to run",
  ],
  [
    "auto-SetHostHttpHeaderTestCase-testSetHostHttpHeaderTestCase-396",
    `${MISSING} the service HttpHostHeaderTestProxy that answers the second hop`,
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
    "auto-PropertyIntegrationPOST_TO_URI_PropertyTestCase-testPOST_TO_URI_PropertyTest-107",
    "POST_TO_URI asks for an absolute request line, which is the sender's to write",
  ],
  [
    "pf-xml-array",
    "an element of a format without xmlns stands in the namespace of its file, so it is <root xmlns=..>",
  ],
  [
    "pt-xml-to-json-attr",
    "attribute prefixes are dropped; the case keeps them by a setting of its test server",
  ],
]);
