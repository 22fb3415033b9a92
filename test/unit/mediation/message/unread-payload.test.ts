import assert from "node:assert/strict";
import { test } from "node:test";
import { unreadPayload } from "../../../../src/mediation/message/unread-payload.ts";
import {
  type EnvelopeParts,
  WrittenEnvelope,
} from "../../../../src/mediation/message/written-envelope.ts";
import { serializeNode } from "../../../../src/mediation/xml/dom.ts";
import { payloadOf } from "../../../../src/mediation/xml/soap.ts";

const SOAP = "http://schemas.xmlsoap.org/soap/envelope/";

function contentOf(text: string, type = "text/xml; charset=UTF-8"): string | undefined {
  const parts = unreadPayload(Buffer.from(text), type);
  return parts && Buffer.from(parts.content).toString();
}

function envelope(body: string, declarations = "", header = ""): string {
  return `<?xml version="1.0" encoding="utf-8"?>\n<s:Envelope xmlns:s="${SOAP}"${declarations}>${header}<s:Body>${body}</s:Body></s:Envelope>\n`;
}

test("finds the payload of plain envelopes, with the namespaces that it uses", () => {
  assert.equal(contentOf(envelope("<a>1</a>")), "<a>1</a>");
  assert.equal(contentOf(envelope("<a/>", "", "<s:Header/>")), "<a/>");
  const declared = ' xmlns:m="urn:m" xmlns:n="urn:n"';
  assert.equal(
    contentOf(envelope("<m:a x='1'><m:b/></m:a>", declared)),
    `<m:a xmlns:m="urn:m" x='1'><m:b/></m:a>`,
  );
  assert.equal(contentOf("<?xml version='1.0'?><a/>\n", "application/xml"), "<a/>");
});

test("leaves to the reader whatever is not that plain", () => {
  const left = [
    envelope("<a/>", "", '<s:Header><w:To xmlns:w="w">x</w:To></s:Header>'),
    envelope("<a/>", ' s:encodingStyle="x"'),
    envelope("<a/>", ' xmlns="urn:default"'),
    envelope("", ""),
    envelope('<m:a xmlns:m="other"/>', ' xmlns:m="urn:m"'),
    envelope("<a/>").replace("utf-8", "iso-8859-1"),
    envelope("<a/>").replace(SOAP, "urn:other"),
    `<!DOCTYPE s:Envelope [<!ENTITY e "x">]>${envelope("<a>&e;</a>").slice(39)}`,
    `\uFEFF${envelope("<a/>")}`,
  ];
  for (const text of left) assert.equal(contentOf(text), undefined, text);
  assert.equal(contentOf(envelope("<a/>"), "text/xml; charset=iso-8859-1"), undefined);
  assert.equal(contentOf("<a/><!-- x -->", "application/xml"), undefined);
  assert.equal(contentOf("<a/>", "text/xml"), undefined);
});

test("an envelope that was written is bytes until somebody looks into it", () => {
  const parts = unreadPayload(Buffer.from(envelope("<a/>")), "text/xml");
  assert.ok(parts);
  const written = new WrittenEnvelope({ ...parts, content: Buffer.from("<b/>") });
  assert.equal(
    written.bytesFor("soap11", false)?.toString(),
    `<s:Envelope xmlns:s="${SOAP}"><s:Body><b/></s:Body></s:Envelope>`,
  );
  assert.equal(written.bytesFor("soap12", false), undefined);
  assert.equal(written.version, "1.1");
  const payload = payloadOf(written.envelope);
  assert.equal(payload && serializeNode(payload), "<b/>");
  assert.equal(written.bytesFor("soap11", false), undefined);
});

test("the first tag says whether a written envelope may be a fault", () => {
  const parts = (content: string): EnvelopeParts => {
    const [before, after] = [Buffer.from("<e:Envelope>"), Buffer.from("</e:Envelope>")];
    return { version: "1.1", before, after, content: Buffer.from(content) };
  };
  const mayBe = (content: string): boolean => new WrittenEnvelope(parts(content)).mayBeFault;
  for (const content of ["<a/>", "<x:Faults>", "\n<a b='Fault'>", "<Fault:a />", "<a>"])
    assert.equal(mayBe(content), false, content);
  for (const content of ["<Fault/>", "<soap:Fault>", " <x:Fault a='b'>", "<!-- --><Fault/>", "<a"])
    assert.equal(mayBe(content), true, content);
});
