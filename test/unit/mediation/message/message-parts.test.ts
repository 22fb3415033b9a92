import assert from "node:assert/strict";
import { test } from "node:test";
import { parseContentType, payloadKindOf } from "../../../../src/mediation/message/content-type.ts";
import { formatJavaDate } from "../../../../src/mediation/message/java-date.ts";
import { logText } from "../../../../src/mediation/message/log-text.ts";
import { TransportHeaders } from "../../../../src/mediation/message/transport-headers.ts";
import { restPostfix } from "../../../../src/mediation/run/request-message.ts";
import { MediationWorld, proxy } from "../mediation-world.ts";

test("content types are read with their parameters, quoted or not", () => {
  assert.deepEqual(parseContentType('Application/SOAP+xml; Charset="UTF-8";action="urn:a"'), {
    type: "application/soap+xml",
    charset: "utf-8",
    action: "urn:a",
    boundary: undefined,
    start: undefined,
  });
  assert.equal(payloadKindOf("application/problem+json"), "json");
  assert.equal(payloadKindOf("image/svg+xml"), "xml");
  assert.equal(payloadKindOf("image/png"), "binary");
});

test("headers keep their place when they are set again, and names are case-insensitive", () => {
  const headers = new TransportHeaders(
    [
      ["A", "1"],
      ["B", "2"],
      ["a", "3"],
    ],
    false,
  );
  headers.set("a", "4");
  assert.deepEqual(headers.forResponse(), [
    ["a", "4"],
    ["B", "2"],
  ]);
  headers.set("bad name", "x");
  assert.deepEqual(headers.forRequest(), [
    ["a", "4"],
    ["B", "2"],
  ]);
});

test("dates follow the patterns of SimpleDateFormat", () => {
  const time = new Date(2026, 10, 5, 7, 8, 9, 12).getTime();
  assert.equal(formatJavaDate(time, "yyyy-MM-dd'T'HH:mm:ss.SSS"), "2026-11-05T07:08:09.012");
  assert.equal(formatJavaDate(time, "d MMM yy h a, EEE"), "5 Nov 26 7 AM, Thu");
  assert.equal(formatJavaDate(time, "EEEE, d MMMM"), "Thursday, 5 November");
});

test("the rest of the path is what follows the service", () => {
  assert.equal(restPostfix({ target: "/services/P/a?b" }), "/a?b");
  assert.equal(restPostfix({ target: "/services/P?b" }), "?b");
  assert.equal(restPostfix({ target: "/services/P" }), "");
  assert.equal(restPostfix({ target: "/other/x" }), "/other/x");
});

test("log text has no control characters and no line of its own", () => {
  assert.equal(logText("a\r\nb\u001b[0m\tc"), "a\n  b\\u001b[0m\tc");
});

test("special names of get-property answer from message, clock and local entries", async () => {
  const names = ["To", "MESSAGE_FORMAT", "SYSTEM_TIME", "OperationName", "entry", "nothing"];
  const properties = names.map(
    (name) => `<property name="${name}" expression="get-property('${name}')"/>`,
  );
  const world = new MediationWorld(
    `<localEntry key="entry">text</localEntry>${proxy(`<log level="custom">${properties.join("")}<property name="home" expression="get-property('system','server.home')"/></log>`)}`,
  );
  await world.ask();
  assert.equal(
    world.log.messages("info")[0],
    "To = /services/P, MESSAGE_FORMAT = soap11, SYSTEM_TIME = 1700000000000, OperationName = q, entry = text, nothing = , home = /opt/node",
  );
});

test("forms and plain text are XML to expressions", async () => {
  const log = '<log level="custom"><property name="v" expression="string($body/*)"/></log>';
  const world = new MediationWorld(proxy(log));
  await world.ask({
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: "a=1%202&b=x",
  });
  await world.ask({ headers: { "Content-Type": "text/plain" }, body: "plain <text>" });
  await world.ask({ headers: { "Content-Type": "image/png" }, body: "bits" });
  assert.deepEqual(world.log.messages("info"), [
    "v = 1 2x",
    "v = plain <text>",
    `v = ${Buffer.from("bits").toString("base64")}`,
  ]);
});

test("JSON is XML to XPath and itself to JSONPath", async () => {
  const log =
    '<log level="custom"><property name="x" expression="//b"/><property name="j" expression="json-eval($.a)"/></log>';
  const world = new MediationWorld(proxy(log));
  await world.ask({ headers: { "Content-Type": "application/json" }, body: '{"a":{"b":7}}' });
  assert.equal(world.log.messages("info")[0], 'x = 7, j = {"b":7}');
});
