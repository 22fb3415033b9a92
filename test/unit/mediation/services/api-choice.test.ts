import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestTemplate } from "../../../../src/mediation/services/request-template.ts";
import { headerOf, MediationWorld } from "../mediation-world.ts";

function matched(template: string, target: string): Record<string, string> | undefined {
  const values = RequestTemplate.compile(template).match(target);
  return values && Object.fromEntries(values);
}

test("templates match the whole of path and query", () => {
  assert.deepEqual(matched("/view/{symbol}", "/view/IBM"), { symbol: "IBM" });
  assert.deepEqual(matched("/view/{symbol}", "/view/a%20b/"), { symbol: "a b" });
  assert.equal(matched("/view/{symbol}", "/view/IBM?x=1"), undefined);
  assert.equal(matched("/view/{symbol}", "/view/IBM/more"), undefined);
  assert.deepEqual(matched("/a?x={x}&y={y}", "/a?x=1&y=2"), { x: "1", y: "2" });
  assert.deepEqual(matched("/{a}-{b}.json", "/1-2.json"), { a: "1", b: "2" });
});

test("a star takes the rest, {+x} reserved characters, a sign of its own may be absent", () => {
  assert.deepEqual(matched("/a/*", "/a/b/c?d=e"), {});
  assert.deepEqual(matched("/a?*", "/a?d=e"), {});
  assert.equal(matched("/a?*", "/a"), undefined);
  assert.deepEqual(matched("/a/{+rest}", "/a/b/c?d"), { rest: "b/c?d" });
  assert.deepEqual(matched("/a{/b}", "/a/x"), { b: "x" });
  assert.deepEqual(matched("/a{/b}", "/a"), { b: "" });
  assert.deepEqual(matched("/{x,y}", "/1,2"), { x: "1", y: "2" });
  assert.equal(matched("/{x,y}", "/1,2,3"), undefined);
  assert.equal(matched("/{x}/{x}", "/1/2"), undefined);
});

test("a faulty template is refused with its reason", () => {
  for (const text of ["/{a", "/a}", "/{}", "/{a b}"])
    assert.throws(() => RequestTemplate.compile(text), SyntaxError, text);
});

const SAY = (word: string): string =>
  `<inSequence><property name="HTTP_SC" value="299" scope="axis2"/><property name="said" value="${word}" scope="transport"/><respond/></inSequence>`;

function api(attributes: string, resources: string): string {
  return `<api ${attributes}>${resources}</api>`;
}

async function said(world: MediationWorld, path: string, method = "GET"): Promise<string> {
  const answer = await world.ask({ method, path, headers: { Host: "h:80" }, body: undefined });
  return headerOf(answer.headers, "said") ?? String(answer.status);
}

test("url-mapping: exact, then the longest prefix, then the extension; then templates, then the default", async () => {
  const world = new MediationWorld(
    api(
      'name="A" context="/a"',
      [
        `<resource>${SAY("default")}</resource>`,
        `<resource uri-template="/t/{x}">${SAY("template")}</resource>`,
        `<resource url-mapping="*.jsp">${SAY("extension")}</resource>`,
        `<resource url-mapping="/p/*">${SAY("short")}</resource>`,
        `<resource url-mapping="/p/q/*">${SAY("long")}</resource>`,
        `<resource url-mapping="/p/q/r">${SAY("exact")}</resource>`,
      ].join(""),
    ),
  );
  assert.equal(await said(world, "/a/p/q/r?x=1"), "exact");
  assert.equal(await said(world, "/a/p/q/s"), "long");
  assert.equal(await said(world, "/a/p/x.jsp"), "short");
  assert.equal(await said(world, "/a/x.jsp"), "extension");
  assert.equal(await said(world, "/a/t/1"), "template");
  assert.equal(await said(world, "/a/t/1/2"), "default");
  assert.equal(await said(world, "/a"), "default");
  assert.equal(await said(world, "/ab"), "202");
});

test("the longest context wins, versions come first, the context / last", async () => {
  const one = (attributes: string, word: string): string =>
    api(attributes, `<resource>${SAY(word)}</resource>`);
  const world = new MediationWorld(
    [
      one('name="root" context="/"', "root"),
      one('name="short" context="/s"', "short"),
      one('name="long" context="/s/t"', "long"),
      one('name="v" context="/s" version="1.0" version-type="url"', "url"),
      one('name="c" context="/c/{version}/x" version="2" version-type="context"', "context"),
    ].join(""),
  );
  assert.equal(await said(world, "/s/x"), "short");
  assert.equal(await said(world, "/s/t/x"), "long");
  assert.equal(await said(world, "/s/1.0/x"), "url");
  assert.equal(await said(world, "/s/1.01/x"), "short");
  assert.equal(await said(world, "/c/2/x/y"), "context");
  assert.equal(await said(world, "/other"), "root");
});

test("hostname, port and transports restrict an API", async () => {
  const one = (attributes: string): MediationWorld =>
    new MediationWorld(
      api(`name="A" context="/a" ${attributes}`, `<resource>${SAY("A")}</resource>`),
    );
  assert.equal(await said(one('hostname="h" port="80"'), "/a"), "A");
  assert.equal(await said(one('hostname="other"'), "/a"), "202");
  assert.equal(await said(one('port="81"'), "/a"), "202");
  assert.equal(await said(one('transports="https"'), "/a"), "202");
});

test("no path is 404, no method 405 with Allow, another mismatch 400", async () => {
  const world = new MediationWorld(
    api(
      'name="A" context="/a"',
      `<resource methods="POST PUT" uri-template="/x">${SAY("x")}</resource><resource methods="GET" uri-template="/y" user-agent="curl.*">${SAY("y")}</resource>`,
    ),
  );
  assert.equal(await said(world, "/a/none"), "404");
  const wrong = await world.ask({ method: "GET", path: "/a/x", headers: {} });
  assert.equal(wrong.status, 405);
  assert.equal(headerOf(wrong.headers, "Allow"), "POST, PUT");
  assert.equal(await said(world, "/a/y"), "400");
});

test("_resource_mismatch_handler_ answers for a resource that is not there", async () => {
  const world = new MediationWorld(
    `${api('name="A" context="/a"', `<resource uri-template="/x">${SAY("x")}</resource>`)}<sequence name="_resource_mismatch_handler_"><property name="HTTP_SC" value="418" scope="axis2"/><respond/></sequence>`,
  );
  assert.equal(await said(world, "/a/none"), "418");
});

test("OPTIONS is answered with Allow, and with cross-origin headers when the node says so", async () => {
  const definitions = api(
    'name="A" context="/a"',
    `<resource methods="GET POST">${SAY("x")}</resource>`,
  );
  const ask = { method: "OPTIONS", path: "/a", headers: { Origin: "http://o" }, body: undefined };
  const plain = await new MediationWorld(definitions).ask(ask);
  assert.equal(plain.status, 200);
  assert.equal(headerOf(plain.headers, "Allow"), "GET, POST");
  assert.equal(headerOf(plain.headers, "Access-Control-Allow-Origin"), undefined);
  const world = new MediationWorld(definitions, {
    systemProperties: {
      "synapse.rest.CORS.enabled": "true",
      "synapse.rest.CORS.Access-Control-Allow-Origin": "http://p, http://o",
      "synapse.rest.CORS.Access-Control-Allow-Headers": "Authorization",
    },
  });
  for (const method of ["OPTIONS", "GET"]) {
    const answer = await world.ask({ ...ask, method });
    assert.equal(headerOf(answer.headers, "Access-Control-Allow-Origin"), "http://o", method);
    assert.equal(headerOf(answer.headers, "Access-Control-Allow-Methods"), "GET, POST");
    assert.equal(headerOf(answer.headers, "Access-Control-Allow-Headers"), "Authorization");
  }
  const stranger = await world.ask({ ...ask, headers: { Origin: "http://evil" } });
  assert.equal(headerOf(stranger.headers, "Access-Control-Allow-Origin"), undefined);
});

test("mediators read what the request said", async () => {
  const names = [
    "REST_METHOD",
    "REST_FULL_REQUEST_PATH",
    "REST_SUB_REQUEST_PATH",
    "REST_URL_PREFIX",
    "SYNAPSE_REST_API",
    "SYNAPSE_REST_API_VERSION",
    "uri.var.id",
    "query.param.q",
  ];
  const properties = names.map(
    (name) => `<property name="${name}" expression="get-property('${name}')"/>`,
  );
  const world = new MediationWorld(
    api(
      'name="A" context="/a" version="1" version-type="url"',
      `<resource uri-template="/i/{id}?q={x}"><inSequence><log level="custom">${properties.join("")}<property name="postfix" expression="get-property('axis2','REST_URL_POSTFIX')"/></log><drop/></inSequence></resource>`,
    ),
  );
  await world.ask({ method: "GET", path: "/a/1/i/7?q=a+b", headers: { Host: "h:8280" } });
  assert.match(
    world.log.messages("info").join("\n"),
    /REST_METHOD = GET, REST_FULL_REQUEST_PATH = \/a\/1\/i\/7\?q=a\+b, REST_SUB_REQUEST_PATH = \/i\/7\?q=a\+b, REST_URL_PREFIX = http:\/\/h:8280, SYNAPSE_REST_API = A:v1, SYNAPSE_REST_API_VERSION = 1, uri\.var\.id = 7, query\.param\.q = a b, postfix = \/i\/7\?q=a\+b/,
  );
});

test("named sequences, the fault sequence of the resource, and no out sequence", async () => {
  const backend = '<send><endpoint><address uri="http://b:9000/s"/></endpoint></send>';
  const world = new MediationWorld(
    api(
      'name="A" context="/a"',
      `<resource uri-template="/in" inSequence="toBackend"/><resource uri-template="/none" inSequence="missing" faultSequence="handler"/><resource uri-template="/nothing"/>`,
    ) +
      `<sequence name="toBackend">${backend}</sequence><sequence name="handler"><property name="HTTP_SC" value="503" scope="axis2"/><respond/></sequence>`,
  );
  assert.equal(await said(world, "/a/in"), "200");
  assert.equal(await said(world, "/a/none"), "503");
  assert.match(world.log.messages("warn").join(), /Specified sequence: missing cannot be found/);
  assert.equal(await said(world, "/a/nothing"), "202");
});

test("faulty APIs are refused in Synapse's words", () => {
  const world = new MediationWorld("");
  const sentences = (definitions: string): string => {
    const result = world.compile(definitions);
    return result.kind === "faulty" ? result.problems.map(({ message }) => message).join("; ") : "";
  };
  const drop = "<resource/>";
  for (const [text, sentence] of [
    [api('name="A" context="a"', drop), /API context must begin with '\/' character/],
    [api('name="A" context="/a"', ""), /must contain at least one resource definition/],
    [api('name="A" context="/a"', drop + drop), /Only one resource can be designated as default/],
    [
      api('name="A" context="/a"', '<resource uri-template="/x"/><resource uri-template="/x"/>'),
      /Two resources cannot have the same path mapping and methods/,
    ],
    [api('name="A" context="/a"', '<resource methods="GET GET"/>'), /Invalid or duplicate method/],
    [
      api('name="A" context="/a"', drop) + api('name="B" context="/a"', drop),
      /URL context: \/a is already registered with the API: A/,
    ],
    [
      api('name="A" context="/a"', `${drop}<handlers><handler class="x.Y"/></handlers>`),
      /handler class x\.Y is Java/,
    ],
  ] as const)
    assert.match(sentences(text), sentence);
});

test("?swagger.json and ?swagger.yaml describe the resources", async () => {
  const world = new MediationWorld(
    api('name="A" context="/a"', `<resource methods="GET" uri-template="/i/{id}"/>`),
  );
  const json = await world.ask({ method: "GET", path: "/a?swagger.json", headers: {} });
  const document = JSON.parse(json.text);
  assert.equal(document.basePath, "/a");
  assert.equal(document.host, "esb.example");
  assert.deepEqual(document.paths["/i/{id}"].get.parameters, [
    { name: "id", in: "path", required: true, type: "string" },
  ]);
  const yaml = await world.ask({ method: "GET", path: "/a?swagger.yaml", headers: {} });
  assert.match(yaml.text, /^basePath: \/a$/m);
});

test("OPTIONS of a path that several resources share allows the methods of all across origins", async () => {
  const world = new MediationWorld(
    api(
      'name="A" context="/a"',
      `<resource methods="GET" uri-template="/{x}">${SAY("get")}</resource><resource methods="POST PUT" uri-template="/{y}">${SAY("post")}</resource>`,
    ),
    {
      systemProperties: {
        "synapse.rest.CORS.enabled": "true",
        "synapse.rest.CORS.Access-Control-Allow-Origin": "*",
      },
    },
  );
  const headers = { Origin: "http://o", Host: "h" };
  const allowed = async (method: string): Promise<string | undefined> =>
    headerOf(
      (await world.ask({ method, path: "/a/1", headers, body: undefined })).headers,
      "Access-Control-Allow-Methods",
    );
  assert.equal(await allowed("OPTIONS"), "GET, POST, PUT");
  assert.equal(await allowed("PUT"), "POST, PUT");
});

test("a query that cannot be decoded is answered 400 where no fault sequence answers", async () => {
  const world = new MediationWorld(
    api('name="A" context="/a"', `<resource>${SAY("x")}</resource>`),
  );
  assert.equal(await said(world, "/a?q=%zz"), "400");
});
