import assert from "node:assert/strict";
import { test } from "node:test";
import { formatProblem } from "../../../../src/errors/config-error.ts";
import { MediationWorld, proxy } from "../mediation-world.ts";

function problem(mediator: string): string {
  const result = new MediationWorld("").compile(proxy(mediator));
  return result.kind === "faulty" ? result.problems.map(formatProblem).join("\n") : "";
}

const CASES: readonly (readonly [string, RegExp])[] = [
  [
    '<class name="a.B"/>',
    /class "a\.B" is not supported: it runs Java code.*script mediator.*synapse\.xml:1/,
  ],
  ["<rule/>", /use filter, switch/],
  ["<datamapper/>", /use xslt, payloadFactory/],
  ["<smooks/>", /use xslt/],
  ["<spring/>", /Java code/],
  ["<entitlementService/>", /policy server/],
  ["<transaction/>", /useTransaction/],
  ["<builder/>", /Content-Type/],
  ["<event/>", /call or store/],
  ["<publishEvent/>", /call or store/],
  ["<eventPublisher/>", /call or store/],
  ["<pojoCommand/>", /Java code/],
  ["<bean/>", /properties/],
  ["<ejb/>", /HTTP service/],
  ["<enqueue/>", /use sequence with the same key/],
  ["<RMSequence/>", /store and a forwarding/],
  ["<sampler/>", /throttle/],
  ["<throwError/>", /makefault/],
  ["<variable/>", /property/],
  ["<scatter-gather/>", /clone and aggregate/],
  ["<opa/>", /own HTTP interface/],
  ["<salesforce.query/>", /connector operation salesforce\.query.*http endpoint/],
];

test("mediators that are left out are refused with what to use instead", () => {
  for (const [mediator, sentence] of CASES) assert.match(problem(mediator), sentence);
});

test("connectors and event sources are refused with what to use instead", () => {
  const refused = (artifact: string): string => {
    const result = new MediationWorld("").compile(artifact);
    return result.kind === "faulty" ? result.problems.map(formatProblem).join("\n") : "";
  };
  assert.match(refused('<import name="c" package="p" status="enabled"/>'), /http endpoint/);
  assert.match(refused('<eventSource name="e"/>'), /recipientlist/);
});

test("they are not offered as supported", () => {
  const sentence = problem("<nonsense/>");
  assert.match(sentence, /Unknown mediator referenced by configuration element : nonsense/);
  assert.doesNotMatch(sentence, /smooks|datamapper/);
  assert.match(sentence, /dblookup, dbreport/);
});
