import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync, gzipSync } from "node:zlib";
import { BODY_BYTES_MAX, MessageBody } from "../../../../src/mediation/message/message-body.ts";
import { decodeText, encodeText } from "../../../../src/mediation/message/charset.ts";
import { parseContentType } from "../../../../src/mediation/message/content-type.ts";
import { PARTS_MAX, readParts, writeParts } from "../../../../src/mediation/message/multipart.ts";
import {
  buildPayload,
  envelopeOf,
  FORM_FIELDS_MAX,
  type Payload,
} from "../../../../src/mediation/message/payload-builder.ts";
import { serializeNode } from "../../../../src/mediation/xml/dom.ts";
import { payloadOf } from "../../../../src/mediation/xml/soap.ts";
import { headerOf, MediationWorld, proxy } from "../mediation-world.ts";

function shown(payload: Payload): string {
  const content = payloadOf(envelopeOf(payload));
  return content ? serializeNode(content) : "";
}

function multipart(boundary: string, parts: readonly (readonly [string, string])[]): string {
  const lines = parts.map(([head, body]) => `--${boundary}\r\n${head}\r\n\r\n${body}\r\n`);
  return `preamble\r\n${lines.join("")}--${boundary}--\r\n`;
}

test("parameters of a content type may be quoted and hold semicolons", () => {
  const type = parseContentType('Multipart/Related; boundary="a;b"; start="<r>"; Charset=UTF-8');
  assert.equal(type.type, "multipart/related");
  assert.equal(type.boundary, "a;b");
  assert.equal(type.start, "<r>");
  assert.equal(type.charset, "utf-8");
});

test("text is read in the charset that the content type names, else the bytes tell", () => {
  assert.equal(decodeText(Buffer.from("caf\xe9\x80", "latin1"), "iso-8859-1"), "café\x80");
  assert.equal(decodeText(Buffer.from("\ufeff<a/>", "utf16le"), "utf-16"), "<a/>");
  assert.equal(decodeText(Buffer.from("<a/>", "utf16le"), undefined), "<a/>");
  const declared = '<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>';
  assert.equal(decodeText(Buffer.from(declared, "latin1"), undefined), declared);
  assert.throws(() => decodeText(Buffer.from([0xff, 0x41]), "utf-8"), /not text in charset utf-8/);
  assert.throws(() => decodeText(Buffer.from("a"), "klingon"), /charset klingon/);
});

test("what a charset cannot say is a reference in XML and a question mark elsewhere", () => {
  assert.equal(encodeText("é€", "iso-8859-1", true).toString("latin1"), "é&#8364;");
  assert.equal(encodeText("é€", "us-ascii", false).toString("latin1"), "??");
  assert.equal(decodeText(encodeText("é€", "utf-16", true), "utf-16"), "é€");
});

test("a form of several parts is an element for each, files as base64", () => {
  const body = multipart("B", [
    ['Content-Disposition: form-data; name="city"', "K\u00f6ln & more"],
    [
      'Content-Disposition: form-data; name="doc"; filename="a.bin"\r\nContent-Type: application/octet-stream',
      "\u0001\u0002",
    ],
    ['Content-Disposition: form-data; name="no name"', "x"],
  ]);
  const payload = buildPayload(Buffer.from(body), "multipart/form-data; boundary=B", false);
  assert.equal(
    shown(payload),
    "<mediate><city>K\u00f6ln &amp; more</city><doc>AQI=</doc></mediate>",
  );
});

test("the root part of multipart/related is the message, with its attachments put in", () => {
  const envelope =
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><up><data><xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:1%40x"/></data></up></s:Body></s:Envelope>';
  const body = multipart("M", [
    ["Content-ID: <1@x>\r\nContent-Type: image/png", "PNG"],
    [
      'Content-ID: <root>\r\nContent-Type: application/xop+xml; charset=UTF-8; type="text/xml"',
      envelope,
    ],
  ]);
  const type = 'multipart/related; boundary=M; type="application/xop+xml"; start="<root>"';
  const payload = buildPayload(Buffer.from(body), type, true);
  assert.equal(payload.kind === "envelope" && payload.rest, false);
  assert.equal(shown(payload), "<up><data>UE5H</data></up>");
});

test("an attachment that is included again and again makes no message of gigabytes", () => {
  const include =
    '<d><x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="cid:1"/></d>';
  const body = (times: number): Buffer =>
    Buffer.from(
      multipart("M", [
        ["Content-Type: application/xml", `<up>${include.repeat(times)}</up>`],
        ["Content-ID: <1>", "x".repeat(1_000)],
      ]),
    );
  const type = "multipart/related; boundary=M";
  assert.ok(shown(buildPayload(body(2), type, false)).length > 2_000);
  assert.throws(() => buildPayload(body(3), type, false), /includes its attachments too often/);
});

test("a form of more fields than a form has is refused before it becomes a tree", () => {
  const form = (fields: number) => Buffer.from("a=1&".repeat(fields).slice(0, -1));
  const type = "application/x-www-form-urlencoded";
  assert.ok(shown(buildPayload(form(FORM_FIELDS_MAX), type, false)).startsWith("<xformValues>"));
  assert.throws(
    () => buildPayload(form(FORM_FIELDS_MAX + 1), type, false),
    /more than 20000 fields/,
  );
});

test("multipart bodies without boundary, without end or with too many parts are refused", () => {
  assert.throws(() => readParts(Buffer.from("x"), undefined), /needs a boundary/);
  assert.throws(() => readParts(Buffer.from("--B\r\n\r\nx"), "B"), /does not end/);
  const many = multipart(
    "B",
    Array.from({ length: PARTS_MAX + 1 }, () => ["A: b", "x"] as const),
  );
  assert.throws(() => readParts(Buffer.from(many), "B"), /more than 1000 parts/);
});

test("parts that were written are read again, and a boundary within a line ends nothing", () => {
  const parts = [
    { fields: ["A: 1"], content: "one --B two" },
    { fields: ["A: 2"], content: "" },
  ];
  const read = readParts(writeParts(parts, "B"), "B");
  assert.deepEqual(
    read.map(({ fields, content }) => [fields.get("a"), content.toString()]),
    [
      ["1", "one --B two"],
      ["2", ""],
    ],
  );
});

test("coded bodies are unpacked, one coding after the other, within the bound", async () => {
  const read = async (bytes: Buffer, contentEncoding: string, max = 1_000): Promise<string> => {
    const body = new MessageBody(bytes, max);
    const describe = { contentType: "text/plain", contentEncoding, hasSoapAction: false };
    return shown(await body.build(() => describe));
  };
  assert.match(await read(gzipSync("zipped"), "gzip"), />zipped</);
  assert.match(await read(deflateRawSync("bare"), "deflate"), />bare</);
  assert.match(await read(gzipSync(gzipSync("twice")), "gzip, gzip"), />twice</);
  await assert.rejects(read(gzipSync("x".repeat(5_000)), "gzip"), /larger than 1000 bytes/);
  await assert.rejects(read(Buffer.from("plain"), "gzip"), /not gzip/);
  await assert.rejects(read(Buffer.from("x"), "lzw"), /lzw is unknown/);
});

test("a request that is too large to be looked into is answered 413", async () => {
  const world = new MediationWorld(proxy('<log level="full"/><respond/>'));
  const answer = await world.ask({ body: "x".repeat(BODY_BYTES_MAX + 1) });
  assert.equal(answer.status, 413);
});

test("a message goes out in the charset in which it came, or the one that is set", async () => {
  const text = '<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>';
  const headers = { "Content-Type": "application/xml; charset=ISO-8859-1" };
  const world = new MediationWorld(proxy('<log level="full"/><respond/>'));
  const kept = await world.ask({ headers, body: text.replace("é", "e") });
  assert.match(headerOf(kept.headers, "Content-Type") ?? "", /charset=ISO-8859-1/i);
  const set = new MediationWorld(
    proxy(
      '<log level="full"/><property name="ContentType" value="application/xml; charset=klingon" scope="axis2"/><property name="messageType" value="application/xml" scope="axis2"/><respond/>',
    ),
  );
  const answer = await set.ask({ headers: { "Content-Type": "application/xml" }, body: "<a/>" });
  assert.equal(headerOf(answer.headers, "Content-Type"), "application/xml; charset=UTF-8");
});

test("messageType multipart/form-data writes a part for each child", async () => {
  const world = new MediationWorld(
    proxy('<property name="messageType" value="multipart/form-data" scope="axis2"/><respond/>'),
  );
  const answer = await world.ask({
    headers: { "Content-Type": "application/xml" },
    body: "<f><a>1</a><b><c>2</c></b></f>",
  });
  const { boundary } = parseContentType(headerOf(answer.headers, "Content-Type"));
  const parts = readParts(Buffer.from(answer.text), boundary);
  assert.deepEqual(
    parts.map(({ content }) => content.toString()),
    ["1", "<c>2</c>"],
  );
});

test("setCharacterEncoding=false adds no charset to a type that has none", async () => {
  const type = '<property name="messageType" value="application/xml" scope="axis2"/>';
  const without = '<property name="setCharacterEncoding" value="false" scope="axis2"/><respond/>';
  const answer = await new MediationWorld(proxy(type + without)).ask();
  assert.equal(headerOf(answer.headers, "Content-Type"), "application/xml");
});
