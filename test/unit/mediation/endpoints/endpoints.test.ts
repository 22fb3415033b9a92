import assert from "node:assert/strict";
import { Readable } from "node:stream";
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
  assert.equal(expanded("legacy-encoding:http://h/{uri.var.a}", values), "http://h/x/y%20z");
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

test("templates know the operators of RFC 6570", () => {
  const values = { "query.param.q": "a b", "uri.var.p": "x/y", "uri.var.e": "" };
  const table: readonly (readonly [template: string, expanded: string])[] = [
    ["http://h{/uri.var.p}", "http://h/x%2Fy"],
    [
      "http://h/{?query.param.q,uri.var.none,uri.var.e}",
      "http://h/?query.param.q=a%20b&uri.var.e=",
    ],
    ["http://h/?k=v{&query.param.q}", "http://h/?k=v&query.param.q=a%20b"],
    ["http://h/{uri.var.p,query.param.q}", "http://h/x%2Fy,a%20b"],
    ["http://h/{uri.var.p:1}{.uri.var.p*}", "http://h/x.x%2Fy"],
    ["http://h/{;uri.var.e,uri.var.p}{#uri.var.p}", "http://h/;uri.var.e;uri.var.p=x%2Fy#x/y"],
    ["http://h/{not a variable}", "http://h/{not a variable}"],
  ];
  for (const [template, wanted] of table) assert.equal(expanded(template, values), wanted);
  assert.equal(
    expanded("legacy-encoding:http://h/{uri.var.a}", { "uri.var.a": "50%25+%C3%A9|" }),
    "http://h/50%25%20\u00e9%7C",
  );
});

test("only uri.var and query.param properties are variables; without any the template is the address", async () => {
  const endpoint = '<http uri-template="http://h/{uri.var.a}/{other}"/>';
  const other = '<property name="other" value="x"/>';
  const literal = await sent(endpoint, {}, other);
  assert.equal(literal.url, "http://h/{uri.var.a}/{other}");
  const filled = await sent(endpoint, {}, `${other}<property name="uri.var.a" value="1"/>`);
  assert.equal(filled.url, "http://h/1/");
  const own = await sent(`${endpoint}<property name="uri.var.a" expression="'2'"/>`);
  assert.equal(own.url, "http://h/2/");
});

test("the path goes on from the address with one slash, and not for SOAP formats", async () => {
  const ask = { method: "DELETE", path: "/services/P/a?x=1", headers: {}, body: undefined };
  assert.equal((await sent('<address uri="http://h/s/"/>', ask)).url, "http://h/s/a?x=1");
  assert.equal((await sent('<address uri="http://h/s" format="soap11"/>', ask)).url, "http://h/s");
  assert.equal((await sent('<http uri-template="http://h/s"/>', ask)).url, "http://h/s");
  const set = '<property name="REST_URL_POSTFIX" value="z" scope="axis2"/>';
  assert.equal((await sent('<address uri="http://h/s"/>', ask, set)).url, "http://h/s/z");
  const query = '<property name="REST_URL_POSTFIX" value="?q=1" scope="axis2"/>';
  assert.equal((await sent('<address uri="http://h/s/"/>', ask, query)).url, "http://h/s?q=1");
});

function axis2(name: string, value = "true"): string {
  return `<property name="${name}" value="${value}" scope="axis2"/>`;
}

/** A request whose body is not there yet. */
function slow(): { readonly body: Readable } {
  return { body: Readable.from([Buffer.from(soap("<q/>"))]) };
}

test("properties of the sender reach the wire", async () => {
  const endpoint = '<address uri="http://h/s"/>';
  assert.equal((await sent(endpoint, {}, axis2("NO_KEEPALIVE"))).closes, true);
  assert.equal((await sent(endpoint, {}, axis2("POST_TO_URI"))).absoluteTarget, true);
  assert.equal((await sent(endpoint, {}, axis2("FORCE_HTTP_1.0"))).httpVersion, "1.0");
  const plain = await sent(endpoint, slow());
  assert.deepEqual(
    [plain.closes, plain.absoluteTarget, plain.buffered],
    [undefined, undefined, false],
  );
  for (const name of ["DISABLE_CHUNKING", "FORCE_HTTP_1.0", "FORCE_HTTP_CONTENT_LENGTH"])
    assert.equal((await sent(endpoint, slow(), axis2(name))).buffered, true, name);
  const kept = axis2("FORCE_HTTP_CONTENT_LENGTH") + axis2("COPY_CONTENT_LENGTH_FROM_INCOMING");
  const headers = { "Content-Type": "text/xml", "Content-Length": "99" };
  const passed = await sent(endpoint, { ...slow(), headers }, kept);
  assert.deepEqual([passed.buffered, headerOf(passed.headers, "Content-Length")], [false, "99"]);
  assert.equal((await sent(endpoint, slow(), kept)).buffered, true);
  assert.equal(
    (await sent(endpoint, { ...slow(), headers }, kept + axis2("FORCE_HTTP_1.0"))).buffered,
    true,
  );
  const empty = axis2("NO_ENTITY_BODY");
  assert.notEqual((await sent(endpoint, {}, empty)).text, "");
  assert.equal((await sent(endpoint, {}, `${empty}${axis2("FORCE_POST_PUT_NOBODY")}`)).text, "");
  assert.equal((await sent(endpoint, {}, axis2("HTTP_METHOD", "put"))).method, "PUT");
});

test("submission is the older namespace of WS-Addressing", async () => {
  const request = await sent(
    '<address uri="http://h/s"><enableAddressing version="submission"/></address>',
  );
  assert.match(
    request.text,
    /xmlns:wsa="http:\/\/schemas\.xmlsoap\.org\/ws\/2004\/08\/addressing"/,
  );
});
