import assert from "node:assert/strict";
import { test } from "node:test";
import { headerOf, MediationWorld, proxy, soap, SOAP11, SOAP12 } from "../mediation-world.ts";

const FAULT = (version: string, uri: string): string =>
  `<makefault ${version}><code xmlns:e="${uri}" value="e:Server"/><reason value="because"/><role>me</role><detail><d xmlns="">why</d></detail></makefault><respond/>`;

test("a SOAP 1.1 client gets a SOAP 1.1 fault with status 500", async () => {
  const answer = await new MediationWorld(proxy(FAULT("", SOAP11))).ask();
  assert.equal(answer.status, 500);
  assert.match(headerOf(answer.headers, "Content-Type") ?? "", /^text\/xml/);
  assert.match(
    answer.text,
    /<faultcode>soapenv:Server<\/faultcode><faultstring>because<\/faultstring><faultactor>me<\/faultactor><detail><d>why<\/d><\/detail>/,
  );
});

test("a SOAP 1.2 fault has code, reason, role and detail of SOAP 1.2", async () => {
  const answer = await new MediationWorld(proxy(FAULT('version="soap12"', SOAP12))).ask({
    headers: { "Content-Type": "application/soap+xml" },
    body: soap("<q/>").replace(SOAP11, SOAP12),
  });
  assert.match(headerOf(answer.headers, "Content-Type") ?? "", /^application\/soap\+xml/);
  assert.match(
    answer.text,
    /<soapenv:Value>soapenv:Receiver<\/soapenv:Value>.*<soapenv:Text xml:lang="en-US">because<.*<soapenv:Role>me<.*<soapenv:Detail><d>why<\/d>/,
  );
});

test("a SOAP 1.2 fault is turned into SOAP 1.1 for a client that spoke it", async () => {
  const answer = await new MediationWorld(proxy(FAULT('version="soap12"', SOAP12))).ask();
  assert.match(answer.text, /<faultcode>soapenv:Server<\/faultcode><faultstring>because</);
});

test("plain XML clients get an Exception element", async () => {
  const answer = await new MediationWorld(proxy(FAULT("", SOAP11))).ask({
    headers: { "Content-Type": "application/xml" },
    body: "<q/>",
  });
  assert.equal(answer.text, "<Exception><d>why</d></Exception>");
});

test("FAULTS_AS_HTTP_200 keeps status 200", async () => {
  const set = '<property name="FAULTS_AS_HTTP_200" value="true" scope="axis2"/>';
  assert.equal((await new MediationWorld(proxy(set + FAULT("", SOAP11))).ask()).status, 200);
});

test("a code whose prefix is not declared is refused", () => {
  const result = new MediationWorld("").compile(
    proxy('<makefault><code value="nope:Server"/><reason value="r"/></makefault>'),
  );
  assert.deepEqual(
    result.kind === "faulty" && result.problems[0]?.message,
    "Invalid QName for the code of a makefault mediator",
  );
});
