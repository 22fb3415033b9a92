import assert from "node:assert/strict";
import { test } from "node:test";
import { compileUriTemplate } from "../../../../src/mediation/endpoints/uri-template.ts";
import { headerOf, MediationWorld, proxy, soap, SOAP12 } from "../mediation-world.ts";

function expanded(template: string, values: Readonly<Record<string, string>>): string {
  return compileUriTemplate(template).expand((name) => values[name]);
}

test("templates encode variables, + keeps reserved characters, a leading variable is an address", () => {
  const values = { "uri.var.a": "x/y z", "uri.var.u": "http://h:1/p?q=%20" };
  assert.equal(expanded("http://h/{uri.var.a}/end", values), "http://h/x%2Fy%20z/end");
  assert.equal(expanded("http://h/{+uri.var.a}", values), "http://h/x/y%20z");
  assert.equal(expanded("{uri.var.u}/a", values), "http://h:1/p?q=%20/a");
  assert.equal(expanded("legacy-encoding:http://h/{uri.var.a}", values), "http://h/x/y z");
  assert.equal(expanded("http://h/{uri.var.none}x", values), "http://h/x");
});

async function sent(
  endpoint: string,
  ask = {},
  before = "",
): Promise<MediationWorld["received"][0]> {
  const world = new MediationWorld(proxy(`${before}<send><endpoint>${endpoint}</endpoint></send>`));
  await world.ask(ask);
  const [request] = world.received;
  assert.ok(request, world.log.messages().join("\n"));
  return request;
}

test("an http endpoint expands properties and fixes the method", async () => {
  const request = await sent(
    '<http method="put" uri-template="http://h:9/{uri.var.p}"/>',
    { headers: { "Content-Type": "text/plain" }, body: "x" },
    '<property name="uri.var.p" value="a b"/>',
  );
  assert.equal(request.method, "PUT");
  assert.equal(request.url, "http://h:9/a%20b");
});

test("format soap11 makes a SOAP request of plain XML, without the rest of the path", async () => {
  const request = await sent('<address uri="http://h/s" format="soap11"/>', {
    path: "/services/P/more",
    headers: { "Content-Type": "application/xml" },
    body: "<q/>",
  });
  assert.equal(request.text, soap("<q/>"));
  assert.equal(request.url, "http://h/s");
  assert.equal(headerOf(request.headers, "Content-Type"), "text/xml; charset=UTF-8");
  assert.equal(headerOf(request.headers, "SOAPAction"), '""');
});

test("format soap12 converts the envelope and carries the action in the content type", async () => {
  const request = await sent('<address uri="http://h/s" format="soap12"/>');
  assert.match(request.text, new RegExp(`^<soapenv:Envelope xmlns:soapenv="${SOAP12}">`));
  assert.equal(
    headerOf(request.headers, "Content-Type"),
    'application/soap+xml; charset=UTF-8; action="urn:getQuote"',
  );
  assert.equal(headerOf(request.headers, "SOAPAction"), undefined);
});

test("format pox sends the payload alone, format get as a query", async () => {
  const pox = await sent('<address uri="http://h/s" format="pox"/>', {
    body: soap("<q><a>1</a></q>"),
  });
  assert.equal(pox.text, "<q><a>1</a></q>");
  assert.equal(headerOf(pox.headers, "Content-Type"), "application/xml; charset=UTF-8");
  const get = await sent('<address uri="http://h/s?k=v" format="get"/>', {
    body: soap("<q><a>1 2</a><b>x</b></q>"),
  });
  assert.equal(`${get.method} ${get.url}`, "GET http://h/s?k=v&a=1+2&b=x");
});

test("the rest of the path and the query follow the address of REST requests", async () => {
  const request = await sent('<address uri="http://h/s?k=v"/>', {
    method: "DELETE",
    path: "/services/P/a/b?x=1",
    headers: {},
    body: undefined,
  });
  assert.equal(`${request.method} ${request.url}`, "DELETE http://h/s/a/b?x=1&k=v");
});

test("a SOAP message without endpoint goes to its wsa:To, whose headers stay behind", async () => {
  const to = '<w:To xmlns:w="http://www.w3.org/2005/08/addressing">http://h/to</w:To>';
  const world = new MediationWorld(proxy("<send/>"));
  await world.ask({ body: soap("<q/>", to) });
  assert.equal(world.received[0]?.url, "http://h/to");
  assert.equal(world.received[0]?.text, soap("<q/>"));
  const keeping = new MediationWorld(
    proxy('<property name="PRESERVE_WS_ADDRESSING" value="true"/><send/>'),
  );
  await keeping.ask({ body: soap("<q/>", to) });
  assert.match(keeping.received[0]?.text ?? "", /http:\/\/h\/to/);
});

test("enableAddressing writes To, MessageID and Action", async () => {
  const request = await sent('<address uri="http://h/s"><enableAddressing/></address>');
  assert.match(
    request.text,
    /<wsa:To [^>]*>http:\/\/h\/s<\/wsa:To>.*urn:uuid:1.*<wsa:Action[^>]*>urn:getQuote</,
  );
});

test("REQUEST_HOST_HEADER sets Host", async () => {
  const set = '<property name="REQUEST_HOST_HEADER" value="www.example.com" scope="axis2"/>';
  assert.equal(
    headerOf((await sent('<address uri="http://h/s"/>', {}, set)).headers, "Host"),
    "www.example.com",
  );
});

test("an out flow that sends to an endpoint without end is a fault", async () => {
  const send = '<send><endpoint><address uri="http://h/s"/></endpoint></send>';
  const world = new MediationWorld(proxy(send, `<outSequence>${send}</outSequence>`));
  assert.equal((await world.ask()).status, 202);
  assert.equal(world.received.length, 101);
  assert.match(world.log.messages("warn").join(), /the out flow calls itself/);
});

test("endpoints that refer to each other in a circle are a fault", async () => {
  const world = new MediationWorld(
    `<endpoint name="a" key="b"/><endpoint name="b" key="a"/>${proxy('<send><endpoint key="a"/></send>')}`,
  );
  await world.ask();
  assert.match(world.log.messages("warn").join(), /Endpoints refer to each other in a circle/);
});

test("kinds of endpoints that are not supported are refused, suspension is warned about", () => {
  const world = new MediationWorld("");
  const result = world.compile('<endpoint name="e"><loadbalance/></endpoint>');
  assert.equal(
    result.kind === "faulty" && result.problems[0]?.message,
    "Endpoints of kind loadbalance are not supported yet",
  );
  const warned = new MediationWorld(
    '<endpoint name="e"><address uri="http://h/"><suspendOnFailure/></address></endpoint>',
  );
  assert.match(
    warned.warnings.join(),
    /suspendOnFailure of an endpoint is not supported yet and has no effect/,
  );
});
