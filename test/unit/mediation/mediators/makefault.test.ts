import assert from "node:assert/strict";
import { test } from "node:test";
import {
  headerOf,
  MediationWorld,
  proxy,
  soap,
  SOAP11,
  SOAP12,
  TO_BACKEND,
} from "../mediation-world.ts";

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

const XML_ASK = { headers: { "Content-Type": "application/xml" }, body: "<q/>" };
const JSON_ASK = { headers: { "Content-Type": "application/json" }, body: "{}" };

test("clients that speak no SOAP get the reason of a SOAP fault in an Exception, with status 500", async () => {
  for (const version of ["", 'version="soap11"']) {
    const world = new MediationWorld(proxy(FAULT(version, SOAP11)));
    const answer = await world.ask(XML_ASK);
    assert.deepEqual([answer.status, answer.text], [500, "<Exception>because</Exception>"]);
    const json = await world.ask(JSON_ASK);
    assert.deepEqual([json.status, json.text], [500, '{"Exception":"because"}']);
  }
});

test("a detail that is text stands in the Exception instead of the reason", async () => {
  const code = `<code xmlns:e="${SOAP11}" value="e:Server"/><reason value="because"/><detail>why</detail>`;
  for (const version of ["soap11", "pox"]) {
    const fault = `<makefault version="${version}">${code}</makefault><respond/>`;
    const answer = await new MediationWorld(proxy(fault)).ask(XML_ASK);
    assert.deepEqual([answer.status, answer.text], [500, "<Exception>why</Exception>"]);
  }
});

test("a fault without a version is a SOAP 1.1 fault whatever the message is", async () => {
  const inside = "<log level='custom'><property name='f' expression='local-name($body/*)'/></log>";
  const world = new MediationWorld(proxy(FAULT("", SOAP11).replace("<respond/>", inside)));
  await world.ask(XML_ASK);
  assert.ok(world.log.messages().includes("f = Fault"));
});

test("version pox puts an Exception into the body of a SOAP message, which stays SOAP", async () => {
  const fault = '<makefault version="pox"><reason value="because"/></makefault><respond/>';
  const answer = await new MediationWorld(proxy(fault)).ask();
  assert.equal(answer.status, 500);
  assert.match(answer.text, /<soapenv:Body><Exception>because<\/Exception><\/soapenv:Body>/);
});

test("version pox needs no reason", async () => {
  const answer = await new MediationWorld(proxy('<makefault version="pox"/><respond/>')).ask(
    XML_ASK,
  );
  assert.deepEqual([answer.status, answer.text], [500, "<Exception></Exception>"]);
});

test("a call after a plain fault forgets that there was a failure", async () => {
  const fault = '<makefault version="pox"><reason value="r"/></makefault>';
  const call = `<call>${TO_BACKEND}</call><property name="HTTP_SC" scope="axis2" action="remove"/><respond/>`;
  assert.equal((await new MediationWorld(proxy(fault + call)).ask(XML_ASK)).status, 200);
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
