import assert from "node:assert/strict";
import { test } from "node:test";
import { SessionTable } from "../../../../src/mediation/endpoints/session-table.ts";
import { bytesStream } from "../../../../src/net/byte-queue.ts";
import { soap } from "../mediation-world.ts";
import { address, EndpointWorld } from "./endpoint-world.ts";

function sticky(type: string, timeout = ""): string {
  return `<endpoint name="S"><session type="${type}">${timeout}</session><loadbalance>${address("a")}${address("b")}${address("c")}</loadbalance></endpoint>`;
}

function withCookie(cookie: string): { readonly headers: Record<string, string> } {
  return { headers: { "Content-Type": "text/xml", SOAPAction: '"u"', Cookie: cookie } };
}

function cookies(world: EndpointWorld): void {
  const { answer } = world;
  world.answer = (sent) => {
    const response = answer(sent);
    const headers = [
      ...response.headers,
      ["Set-Cookie", `JSESSIONID=of-${sent.host}; Path=/`],
    ] as const;
    return { ...response, headers };
  };
}

test("a client that sends the session cookie of a child comes back to it", async () => {
  const world = new EndpointWorld(sticky("http"));
  cookies(world);
  assert.equal(await world.hostsOf(3), "a b c");
  assert.equal(await world.hostsOf(3, withCookie("x=1; JSESSIONID=of-b")), "b b b");
});

test("a cookie that no child knows is taken away, other cookies stay", async () => {
  const world = new EndpointWorld(sticky("http"));
  await world.ask(withCookie("theme=dark; JSESSIONID=old"));
  assert.equal(world.sent[0]?.headers.find(([name]) => name === "Cookie")?.[1], "theme=dark");
});

test("a cookie session moves to another child when its own is down", async () => {
  const world = new EndpointWorld(sticky("http"));
  cookies(world);
  await world.ask();
  world.down.set("a", "refused");
  assert.equal(await world.hostsOf(1, withCookie("JSESSIONID=of-a")), "a b");
  assert.equal(await world.hostsOf(2, withCookie("JSESSIONID=of-b")), "b b");
});

test("sessions end after their time without use, and outlive a deploy", async () => {
  const endpoint = sticky("http", "<sessionTimeout>1000</sessionTimeout>");
  const world = new EndpointWorld(endpoint);
  cookies(world);
  await world.ask();
  world.clock.advance(900);
  world.deploy(endpoint, '<sequence name="x"><drop/></sequence>');
  assert.equal(await world.hostsOf(1, withCookie("JSESSIONID=of-a")), "a");
  world.clock.advance(1_000);
  assert.equal(await world.hostsOf(1, withCookie("JSESSIONID=of-a")), "b");
});

function client(id: string): { readonly body: string } {
  return {
    body: soap(
      "<q/>",
      `<syn:ClientID xmlns:syn="http://ws.apache.org/ns/synapse">${id}</syn:ClientID>`,
    ),
  };
}

test("a client id binds from the first message on, and its failing child is a fault", async () => {
  const world = new EndpointWorld(sticky("simpleClientSession"));
  assert.equal(await world.hostsOf(2, client("one")), "a a");
  assert.equal(await world.hostsOf(2, client("two")), "b b");
  world.down.set("a", "refused");
  assert.match(await world.ask(client("one")), /^309003 Failure an endpoint/);
  assert.match(
    await world.ask(client("one")),
    /^309001 The endpoint Endpoint \[AnonymousEndpoint] on the session with id one is not ready\./,
  );
  assert.equal(await world.hostsOf(1, client("three")), "c");
});

test("the first message of a session may go to another child", async () => {
  const world = new EndpointWorld(sticky("simpleClientSession"));
  world.down.set("a", "refused");
  assert.equal(await world.hostsOf(1, client("one")), "a b");
  assert.equal(await world.hostsOf(1, client("one")), "b");
});

test("a ServiceGroupId in ReplyTo opens a SOAP session", async () => {
  const world = new EndpointWorld(sticky("soap"));
  const group =
    '<axis2:ServiceGroupId xmlns:axis2="http://ws.apache.org/namespaces/axis2">g1</axis2:ServiceGroupId>';
  const { answer } = world;
  world.answer = (sent) => {
    const response = answer(sent);
    const text = soap(
      "<ok/>",
      `<w:ReplyTo xmlns:w="http://www.w3.org/2005/08/addressing"><w:Address>http://x/</w:Address><w:ReferenceParameters>${group}</w:ReferenceParameters></w:ReplyTo>`,
    );
    return {
      ...response,
      headers: [["Content-Type", "text/xml"]],
      body: bytesStream(Buffer.from(text)),
    };
  };
  await world.ask();
  await world.ask();
  assert.equal(await world.hostsOf(2, { body: soap("<q/>", group) }), "b b");
});

test("a session table forgets what is oldest at its bound", () => {
  const table = new SessionTable();
  for (let index = 0; index <= 100_000; index += 1) table.bind(`s${index}`, 1, 10);
  assert.equal(table.size, 100_000);
  assert.equal(table.use("s0", 0, 10), undefined);
  assert.equal(table.use("s100000", 0, 10), 1);
});
