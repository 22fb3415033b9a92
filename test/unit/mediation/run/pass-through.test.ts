import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { bytesStream } from "../../../../src/net/byte-queue.ts";
import { streamOf } from "../../../../src/net/readable-bytes.ts";
import { BODY_BYTES_MAX } from "../../../../src/mediation/message/message-body.ts";
import { bareAck, responseOf } from "../../../helpers/stock-quote-backend.ts";
import {
  headerOf,
  MediationWorld,
  proxy,
  requestOf,
  soap,
  TO_BACKEND,
} from "../mediation-world.ts";

const PASS = `<proxy name="P"><target>${TO_BACKEND}</target></proxy>`;

test("a body that nobody looks into passes both ways as the bytes that came", async () => {
  const world = new MediationWorld(PASS);
  world.backend = () => responseOf(201, "application/json", "{ malformed too");
  const answer = await world.ask({
    headers: { "Content-Type": "application/json; x=y", Cookie: "a=b" },
    body: "{ malformed",
  });
  assert.equal(world.received[0]?.text, "{ malformed");
  assert.equal(headerOf(world.received[0]?.headers ?? [], "Content-Type"), "application/json; x=y");
  assert.equal(headerOf(world.received[0]?.headers ?? [], "Cookie"), "a=b");
  assert.equal(answer.status, 201);
  assert.equal(answer.text, "{ malformed too");
});

test("expressions over properties and headers leave the body unread", async () => {
  const mediators =
    '<property name="s" expression="fn:concat($trp:X-K, get-property(\'proxy.name\'))"/>' +
    `<filter source="$ctx:s" regex="vP"><send>${TO_BACKEND}</send></filter>`;
  const world = new MediationWorld(proxy(mediators));
  await world.ask({
    headers: { "Content-Type": "application/json", "X-K": "v" },
    body: "{ broken",
  });
  assert.equal(world.received[0]?.text, "{ broken");
});

test("a mediator that looks into a malformed body raises a fault", async () => {
  const world = new MediationWorld(proxy("<log/><respond/>"));
  const answer = await world.ask({ body: "<a><b></a>" });
  assert.equal(answer.status, 202);
  assert.match(
    world.log.messages("warn").join("\n"),
    /Error while building message\. XML is not well-formed/,
  );
});

test("a body that has to be parsed is bounded", async () => {
  const chunk = Buffer.alloc(1024 * 1024, 32);
  const count = BODY_BYTES_MAX / chunk.length + 1;
  const body = Readable.from(Array.from({ length: count }, () => chunk));
  const world = new MediationWorld(proxy("<log/><respond/>"));
  assert.equal((await world.ask({ body })).status, 413);
  assert.match(world.log.messages("warn").join("\n"), /larger than 10485760 bytes/);
});

test("headers of one connection and Host stay behind in both directions; Set-Cookie passes twice", async () => {
  const world = new MediationWorld(PASS);
  world.backend = () => {
    const response = responseOf(200, "text/plain", "x");
    return {
      ...response,
      headers: [
        ...response.headers,
        ["Set-Cookie", "a=1"],
        ["Set-Cookie", "b=2"],
        ["Connection", "close, X-Hop"],
        ["X-Hop", "1"],
        ["Keep-Alive", "5"],
      ],
    };
  };
  const answer = await world.ask({
    headers: {
      "Content-Type": "text/plain",
      Host: "esb",
      Connection: "keep-alive",
      "X-Forwarded-For": "1.2.3.4",
    },
    body: "y",
  });
  const names = (world.received[0]?.headers ?? []).map(([name]) => name);
  assert.deepEqual(names, ["Content-Type", "X-Forwarded-For"]);
  assert.deepEqual(
    answer.headers.map(([name, value]) => `${name}: ${value}`),
    ["Content-Type: text/plain", "Set-Cookie: a=1", "Set-Cookie: b=2", "Content-Length: 1"],
  );
});

test("a bare 202 of the back end ends the exchange; a 202 with a body passes", async () => {
  const world = new MediationWorld(
    `<proxy name="P"><target>${TO_BACKEND}<outSequence><property name="HTTP_SC" value="299" scope="axis2"/><send/></outSequence></target></proxy>`,
  );
  world.backend = bareAck;
  assert.equal((await world.ask()).status, 202);
  world.backend = () => responseOf(202, "text/plain", "later");
  const answer = await world.ask();
  assert.equal(answer.status, 299);
  assert.equal(answer.text, "later");
});

test("a response that nobody reads is thrown away", async () => {
  const world = new MediationWorld(
    `<proxy name="P"><target>${TO_BACKEND}<outSequence/></target></proxy>`,
  );
  const body = new Readable({ read: () => undefined });
  world.backend = () => ({
    status: 200,
    reason: "OK",
    headers: [["Content-Type", "text/plain"]],
    body: streamOf(body),
  });
  const answer = await world.ask();
  assert.equal(answer.status, 202);
  assert.equal(body.destroyed, true);
});

test("FORCE_SC_ACCEPTED answers 202 before the back end does", async () => {
  const world = new MediationWorld(
    proxy(
      `<property name="FORCE_SC_ACCEPTED" value="true" scope="axis2"/><property name="OUT_ONLY" value="true"/><send>${TO_BACKEND}</send>`,
    ),
  );
  const gate = Promise.withResolvers<void>();
  world.backend = async () => {
    await gate.promise;
    return bareAck();
  };
  assert.equal((await world.ask()).status, 202);
  assert.equal(world.received[0]?.buffered, true);
  gate.resolve();
});

test("messageType chooses the formatter of a response", async () => {
  const out =
    '<outSequence><property name="messageType" value="application/json" scope="axis2"/><send/></outSequence>';
  const world = new MediationWorld(`<proxy name="P"><target>${TO_BACKEND}${out}</target></proxy>`);
  world.backend = () =>
    responseOf(200, "text/xml", soap('<r id="7"><n>1.50</n><e/><a>x</a><a>y</a></r>'));
  const answer = await world.ask();
  assert.equal(answer.text, '{"r":{"@id":"7","n":1.50,"e":null,"a":["x","y"]}}');
  assert.equal(headerOf(answer.headers, "Content-Type"), "application/json; charset=UTF-8");
});

test("a compressed response is read when a mediator looks into it", async () => {
  const { gzipSync } = await import("node:zlib");
  const world = new MediationWorld(
    `<proxy name="P"><target>${TO_BACKEND}<outSequence><log level="full"/><send/></outSequence></target></proxy>`,
  );
  const bytes = gzipSync(soap("<zipped/>"));
  world.backend = () => ({
    status: 200,
    reason: "OK",
    headers: [
      ["Content-Type", "text/xml"],
      ["Content-Encoding", "gzip"],
    ],
    body: bytesStream(bytes),
  });
  const answer = await world.ask();
  assert.match(answer.text, /<zipped\/>/);
  assert.equal(headerOf(answer.headers, "Content-Encoding"), undefined);
});

test("an answer made of the request does not carry its credentials back", async () => {
  const world = new MediationWorld(proxy("<respond/>"));
  const answer = await world.ask({
    headers: {
      "Content-Type": "text/xml",
      SOAPAction: '"a"',
      Authorization: "Basic x",
      Cookie: "a=b",
      "X-Id": "7",
    },
    body: soap("<q/>"),
  });
  assert.deepEqual(
    answer.headers.map(([name]) => name),
    ["Content-Type", "X-Id"],
  );
});

test("a request without a body is answered without reading one", async () => {
  const world = new MediationWorld(proxy(`<log level="full"/><send>${TO_BACKEND}</send>`));
  await world.engine.handle(requestOf({ method: "GET", path: "/services/P/a/b?x=1", headers: {} }));
  const [request] = world.received;
  assert.equal(request?.method, "GET");
  assert.equal(request?.url, "http://backend:9000/s/a/b?x=1");
  assert.equal(request?.text, "");
});
