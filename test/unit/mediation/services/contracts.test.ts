import assert from "node:assert/strict";
import { test } from "node:test";
import { responseOf } from "../../../helpers/stock-quote-backend.ts";
import { type Answer, headerOf, MediationWorld, soap, TO_BACKEND } from "../mediation-world.ts";

const SOAP = "http://schemas.xmlsoap.org/wsdl/soap/";
const WSDL = `<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="${SOAP}" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" targetNamespace="urn:t"><wsdl:types><xs:schema targetNamespace="urn:t"><xs:include schemaLocation="a.xsd"/><xs:element name="quoteRequest"/></xs:schema></wsdl:types><wsdl:message name="in"><wsdl:part name="p" element="t:quoteRequest"/></wsdl:message><wsdl:portType name="T"><wsdl:operation name="getQuote"><wsdl:input message="t:in"/></wsdl:operation></wsdl:portType><wsdl:binding name="B" type="t:T"><wsdl:operation name="getQuote"><soap:operation soapAction="urn:quoteAction"/></wsdl:operation></wsdl:binding><wsdl:service name="S"><wsdl:port name="A" binding="t:B"><soap:address location="http://old/1"/></wsdl:port></wsdl:service></wsdl:definitions>`;

function service(publish: string, rest = ""): string {
  return `<proxy name="P"><target>${TO_BACKEND}</target>${publish}${rest}</proxy>`;
}

function get(world: MediationWorld, path: string): Promise<Answer> {
  return world.ask({ method: "GET", path, headers: {} });
}

test("a service on two transports has a port for each of them", async () => {
  const text = (
    await get(new MediationWorld(service(`<publishWSDL>${WSDL}</publishWSDL>`)), "/services/P?wsdl")
  ).text;
  assert.match(text, /name="A".*location="http:\/\/esb\.example:80\/services\/P"/);
  assert.match(text, /name="AHttps".*location="https:\/\/esb\.example:443\/services\/P"/);
  assert.equal(text.match(/<wsdl:port /g)?.length, 2);
});

test("imports that the service publishes point back to it; ?xsd answers with them", async () => {
  const entry =
    '<localEntry key="a"><xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"/></localEntry>';
  const publish = `<publishWSDL>${WSDL}<resource location="a.xsd" key="a"/></publishWSDL>`;
  const world = new MediationWorld(entry + service(publish));
  assert.match((await get(world, "/services/P?wsdl")).text, /schemaLocation="P\?xsd=a\.xsd"/);
  assert.match((await get(world, "/services/P?xsd=a.xsd")).text, /^<xs:schema/);
  assert.match((await get(world, "/services/P?xsd")).text, /name="quoteRequest"/);
  assert.equal((await get(world, "/services/P?xsd=nope")).status, 404);
  const absolute = '<parameter name="showAbsoluteSchemaURL">true</parameter>';
  const other = new MediationWorld(entry + service(publish, absolute));
  assert.match(
    (await get(other, "/services/P?wsdl")).text,
    /schemaLocation="http:\/\/esb\.example:80\/services\/P\?xsd=a\.xsd"/,
  );
});

test("?wsdl2 of a WSDL 1.1, and of none, is a generated WSDL 2.0 with its operations", async () => {
  const world = new MediationWorld(service(`<publishWSDL>${WSDL}</publishWSDL>`));
  const text = (await get(world, "/services/P?wsdl2")).text;
  assert.match(text, /<wsdl2:description/);
  assert.match(text, /<wsdl2:operation name="getQuote"/);
  assert.match(
    (await get(new MediationWorld(service("")), "/services/P?wsdl2")).text,
    /name="mediate"/,
  );
});

test("?info shows the addresses; a stopped service has no pages", async () => {
  const world = new MediationWorld(
    `${service("")}<proxy name="S" startOnLoad="false"><target>${TO_BACKEND}</target></proxy>`,
  );
  assert.match(
    (await get(world, "/services/P?info")).text,
    /http:\/\/esb\.example:80\/services\/P/,
  );
  assert.equal((await get(world, "/services/S?wsdl")).status, 404);
});

test("the icon leads to wso2.org; the list can be switched off", async () => {
  const world = new MediationWorld(service(""), {
    systemProperties: { "http.block_service_list": "true" },
  });
  const icon = await get(world, "/favicon.ico");
  assert.equal(icon.status, 301);
  assert.equal(headerOf(icon.headers, "Location"), "http://wso2.org/favicon.ico");
  assert.equal((await get(world, "/services/")).status, 403);
});

test("an operation that the WSDL does not name is refused, by SOAPAction, path and body", async () => {
  const world = new MediationWorld(service(`<publishWSDL>${WSDL}</publishWSDL>`));
  const ask = (action: string, element: string, path = "/services/P"): Promise<Answer> =>
    world.ask({
      path,
      headers: { "Content-Type": "text/xml", SOAPAction: action },
      body: soap(`<t:${element} xmlns:t="urn:t"/>`),
    });
  assert.equal((await ask('"urn:quoteAction"', "x")).status, 200);
  assert.equal((await ask('"urn:getQuote"', "x")).status, 200);
  assert.equal((await ask('""', "x", "/services/P/getQuote")).status, 200);
  assert.equal((await ask('"urn:mediate"', "quoteRequest")).status, 200);
  const refused = await ask('"urn:mediate"', "x");
  assert.equal(refused.status, 500);
  assert.match(
    refused.text,
    /Operation not found is \/services\/P and the WSA Action = urn:mediate/,
  );
  assert.equal(world.received.length, 4);
  const json = await world.ask({ headers: { "Content-Type": "application/json" }, body: "{}" });
  assert.equal(json.status, 200);
});

test("disableOperationValidation takes any operation", async () => {
  const parameter = '<parameter name="disableOperationValidation">true</parameter>';
  const world = new MediationWorld(service(`<publishWSDL>${WSDL}</publishWSDL>`, parameter));
  const answer = await world.ask({
    headers: { "Content-Type": "text/xml", SOAPAction: "urn:mediate" },
    body: soap("<x/>"),
  });
  assert.equal(answer.status, 200);
});

test("a WSDL on a web server is fetched once, when the generation begins to run", async () => {
  const world = new MediationWorld(service('<publishWSDL uri="http://b:9000/s?wsdl"/>'));
  world.backend = () => responseOf(200, "text/xml", WSDL);
  await world.engine.activate();
  assert.match((await get(world, "/services/P?wsdl")).text, /services\/P"/);
  assert.deepEqual(
    world.received.map(({ method, url }) => `${method} ${url}`),
    ["GET http://b:9000/s?wsdl"],
  );
});

test("enablePublishWSDLSafeMode leaves a service out whose WSDL is missing", async () => {
  const parameter = '<parameter name="enablePublishWSDLSafeMode">true</parameter>';
  const world = new MediationWorld(service('<publishWSDL uri="file:x.wsdl"/>', parameter));
  assert.match(world.warnings.join(), /the service is left out/);
  assert.equal((await world.ask()).status, 202);
});

test("a service that is pinned to other servers is not deployed here", async () => {
  const pinned = `<proxy name="P" pinnedServers="a, b"><target>${TO_BACKEND}</target></proxy>`;
  const here = new MediationWorld(pinned, { serverName: "b" });
  assert.equal((await here.ask()).status, 200);
  const elsewhere = new MediationWorld(pinned, { serverName: "c" });
  await elsewhere.engine.activate();
  assert.equal((await elsewhere.ask()).status, 202);
  assert.match(
    elsewhere.log.messages("info").join("\n"),
    /Server name c not in pinned servers list\. Not deploying Proxy service : P/,
  );
});

test("a policy is accepted with a warning that says what guards the service instead", () => {
  const world = new MediationWorld(service("", '<policy key="p"/>'));
  assert.match(
    world.warnings.join(),
    /WS-Policy and WS-Security are not enforced: proxy service P/,
  );
});

const RESPOND_ENTRY =
  '<property name="said" expression="get-property(\'e\')" scope="transport"/><respond/>';

function saying(entry: string, files: Readonly<Record<string, string>> = {}): MediationWorld {
  return new MediationWorld(
    `${entry}<proxy name="P"><target><inSequence>${RESPOND_ENTRY}</inSequence></target></proxy>`,
    { files },
  );
}

test("a local entry by http is fetched when it is first needed, and once", async () => {
  const world = saying('<localEntry key="e" src="http://b:9000/text"/>');
  world.backend = () => responseOf(200, "text/plain", "far");
  for (let count = 0; count < 2; count += 1)
    assert.equal(headerOf((await world.ask()).headers, "said"), "far");
  assert.equal(world.received.length, 1);
});

test("a local entry by file: lies in the deployment, and nowhere else", async () => {
  const files = { "registry/x.txt": "near" };
  const near = saying('<localEntry key="e" src="file:registry/x.txt"/>', files);
  assert.equal(headerOf((await near.ask()).headers, "said"), "near");
  for (const src of ["file:/etc/passwd", "file:../x.txt", "file:///etc/hostname"]) {
    const far = saying(`<localEntry key="e" src="${src}"/>`, files);
    assert.match(far.warnings.join(), /is no file of this deployment/, src);
  }
});

test("a sequence on a web server can be used by the entry's key", async () => {
  const world = new MediationWorld(
    '<localEntry key="far" src="http://b:9000/s.xml"/><proxy name="P"><target inSequence="far"/></proxy>',
  );
  world.backend = () =>
    responseOf(
      200,
      "text/xml",
      '<sequence xmlns="http://ws.apache.org/ns/synapse"><property name="HTTP_SC" value="418" scope="axis2"/><respond/></sequence>',
    );
  assert.equal((await world.ask()).status, 418);
});

test("registry resources and their properties are read by get-property", async () => {
  const world = new MediationWorld(
    `<proxy name="P"><target><inSequence><property name="a" expression="get-property('registry','conf:/x/y.txt')" scope="transport"/><property name="b" expression="get-property('registry','conf:/x/y.txt@size')" scope="transport"/><respond/></inSequence></target></proxy>`,
    {
      files: { "registry/config/x/y.txt": "text", "registry/config/x/y.txt.properties": "size=7" },
    },
  );
  const { headers } = await world.ask();
  assert.equal(headerOf(headers, "a"), "text");
  assert.equal(headerOf(headers, "b"), "7");
});

test("the activity of a request goes on to endpoints, and is logged where the node says so", async () => {
  const world = new MediationWorld(service(""), {
    systemProperties: { "correlation.logs": "true" },
  });
  const headers = { "Content-Type": "text/xml", SOAPAction: "urn:x" };
  await world.ask({ headers: { ...headers, activityid: "A1" } });
  await world.ask({ headers });
  assert.deepEqual(
    world.received.map((request) => headerOf(request.headers, "activityid")),
    ["A1", "1"],
  );
  assert.match(
    world.log.messages("info").join("\n"),
    /A1\|0\|ROUND-TRIP LATENCY\|POST\|\/services\/P\|200/,
  );
});

test("a fault sequence finds an empty message where the message was malformed", async () => {
  const world = new MediationWorld(
    `<proxy name="P"><target><inSequence><log level="full"/></inSequence><faultSequence><log level="full"/><property name="HTTP_SC" value="400" scope="axis2"/><respond/></faultSequence></target></proxy>`,
  );
  const answer = await world.ask({ headers: { "Content-Type": "application/json" }, body: '{"a' });
  assert.equal(answer.status, 400);
});
