import assert from "node:assert/strict";
import { test } from "node:test";
import { Readable } from "node:stream";
import { MediationWorld, soap } from "../mediation-world.ts";

const WSA = "http://www.w3.org/2005/08/addressing";
const MARKED = (name: string): string =>
  `<payloadFactory media-type="xml"><format><by xmlns="">${name}</by></format><args/></payloadFactory><respond/>`;
const DEFINITIONS = `<proxy name="P"><target><inSequence>${MARKED("P")}</inSequence></target></proxy>
  <proxy name="Secret" transports="https"><target><inSequence>${MARKED("Secret")}</inSequence></target></proxy>
  <proxy name="Stopped" startOnLoad="false"><target><inSequence>${MARKED("Stopped")}</inSequence></target></proxy>
  <proxy name="Echo"><target><inSequence><respond/></inSequence></target></proxy>
  <sequence name="main"><in>${MARKED("main")}</in></sequence>`;

const to = (address: string, namespace = WSA): string =>
  `<wsa:To xmlns:wsa="${namespace}">${address}</wsa:To>`;

async function answeredBy(body: string, path = "/", type = "text/xml"): Promise<string> {
  const world = new MediationWorld(DEFINITIONS);
  const { text } = await world.ask({ path, body, headers: { "Content-Type": type } });
  return /<by[^>]*>([^<]*)/.exec(text)?.[1] ?? text;
}

test("a message whose path names no service goes to the one that its wsa:To names", async () => {
  assert.equal(await answeredBy(soap("<m/>", to("http://esb:8280/services/P"))), "P");
  assert.equal(await answeredBy(soap("<m/>", to("/services/P/op?x=1"))), "P");
  assert.equal(await answeredBy(soap("<m/>", to("http://e/services/P")), "/services/Nobody"), "P");
  const older = "http://schemas.xmlsoap.org/ws/2004/08/addressing";
  assert.equal(await answeredBy(soap("", to("http://e/services/P", older))), "P");
  const soap12 = soap("<m/>", to("http://e/services/P")).replaceAll(
    "http://schemas.xmlsoap.org/soap/envelope/",
    "http://www.w3.org/2003/05/soap-envelope",
  );
  assert.equal(await answeredBy(soap12, "/", "application/soap+xml"), "P");
});

test("the namespace of the body's first element may name the service", async () => {
  const body = soap('<n:m xmlns:n="http://host/services/P" a="1"><x/></n:m>');
  assert.equal(await answeredBy(body), "P");
  assert.equal(await answeredBy(soap('<m xmlns="http://services.samples"/>')), "main");
  const both = soap('<m xmlns="http://host/services/P"/>', to("http://e/services/Echo"));
  assert.match(await answeredBy(both), /http:\/\/host\/services\/P/, "wsa:To is the stronger one");
});

test("what names no service that can be asked goes to main", async () => {
  const cases = [
    soap("<m/>"),
    soap("<m/>", to("http://e/services/Nobody")),
    soap("<m/>", to("http://e/services/Secret")),
    soap("<m/>", to("http://e/services/Stopped")),
    soap(`<m>${to("http://e/services/P")}</m>`),
  ];
  for (const body of cases) assert.equal(await answeredBy(body), "main", body);
  const plain = soap("<m/>", to("http://e/services/P"));
  assert.equal(await answeredBy(plain, "/", "application/xml"), "main");
});

test("what cannot be read goes to main as it came", async () => {
  const world = new MediationWorld(
    `${DEFINITIONS}<sequence name="main"><in><respond/></in></sequence>`.replace(
      /<sequence name="main">.*?<\/sequence>/s,
      "",
    ),
  );
  const cases = [
    "<broken /services/ <Body><x",
    `<!DOCTYPE x [<!ENTITY a "b">]>${soap("<m/>", to("http://e/services/P"))}`,
    `${"<Body ".repeat(5_000)}/services/`,
  ];
  for (const body of cases) {
    const answer = await world.ask({ path: "/", body, headers: { "Content-Type": "text/xml" } });
    assert.equal(answer.text, body);
  }
});

test("the path wins over wsa:To", async () => {
  assert.equal(await answeredBy(soap("<m/>", to("http://e/services/Echo")), "/services/P"), "P");
});

test("a message that comes in pieces arrives whole, however long it is", async () => {
  const world = new MediationWorld(DEFINITIONS);
  const text = soap(`<m>${"x".repeat(300_000)}</m>`, to("http://e/services/Echo"));
  const pieces = text.match(/.{1,5000}/gs) ?? [];
  const answer = await world.ask({
    path: "/",
    headers: { "Content-Type": "text/xml" },
    body: Readable.from(pieces.map((piece) => Buffer.from(piece))),
  });
  assert.equal(answer.text, text);
});

test("a body that breaks off before its first element is a fault of whoever reads it", async () => {
  const world = new MediationWorld(
    `${DEFINITIONS}<sequence name="fault"><payloadFactory media-type="xml"><format><f xmlns="">$1</f></format><args><arg expression="get-property('ERROR_MESSAGE')"/></args></payloadFactory><respond/></sequence>`.replace(
      '<sequence name="main"><in>',
      '<sequence name="main"><in><log level="full"/>',
    ),
  );
  const broken = new Readable({
    read() {
      this.push(Buffer.from("<soapenv:Envelope"));
      this.destroy(new Error("gone"));
    },
  });
  const answer = await world.ask({
    path: "/",
    headers: { "Content-Type": "text/xml" },
    body: broken,
  });
  assert.match(answer.text, /Error while reading the message body/);
});
