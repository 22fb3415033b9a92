import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { streamOf } from "../../../../src/net/readable-bytes.ts";
import { setImmediate } from "node:timers/promises";
import {
  EndpointFailure,
  type EndpointFailureKind,
} from "../../../../src/mediation/endpoint-failure.ts";
import { responseOf } from "../../../helpers/stock-quote-backend.ts";
import { MediationWorld, proxy, soap, SOAP11, TO_BACKEND } from "../mediation-world.ts";

const SHOW =
  '<log level="custom"><property name="c" expression="get-property(\'ERROR_CODE\')"/><property name="m" expression="get-property(\'ERROR_MESSAGE\')"/></log>';

test("failures of endpoints have Synapse's codes in the fault sequence", async () => {
  const endpoint =
    '<endpoint><address uri="http://b/"><timeout><duration>500</duration><responseAction>fault</responseAction></timeout></address></endpoint>';
  const expected: Readonly<Record<EndpointFailureKind, string>> = {
    refused: "c = 101503, m = Error connecting to the back end",
    "connect-timeout": "c = 101508, m = Error connecting to the back end",
    timeout: "c = 101504, m = Send timeout",
    closed: "c = 101505, m = Error in Sender",
    protocol: "c = 101506, m = Error in Sender",
  };
  for (const kind of ["refused", "connect-timeout", "timeout", "closed", "protocol"] as const) {
    // A new node each time: an endpoint that has failed is suspended.
    const world = new MediationWorld(
      proxy(`<send>${endpoint}</send>`, `<faultSequence>${SHOW}</faultSequence>`),
    );
    world.backend = () => {
      throw new EndpointFailure(kind, "it failed");
    };
    assert.equal((await world.ask()).status, 202);
    assert.equal(world.log.messages("info").at(-1), expected[kind]);
    assert.ok(world.log.messages("warn").includes("it failed"));
    assert.equal(world.received[0]?.timeoutMs, 500);
  }
});

test("a time-out without fault action answers 504 and calls no fault sequence", async () => {
  const world = new MediationWorld(
    proxy(`<send>${TO_BACKEND}</send>`, `<faultSequence>${SHOW}</faultSequence>`),
  );
  world.backend = () => {
    throw new EndpointFailure("timeout", "no head in 120 s");
  };
  assert.equal((await world.ask()).status, 504);
  assert.deepEqual(world.log.messages("info"), []);
  assert.match(world.log.messages("warn").join(), /Expiring message ID : urn:uuid:1/);
});

test("the innermost onError handles a fault, the next one a fault of the handler", async () => {
  const world = new MediationWorld(
    proxy('<sequence key="outer"/>', `<faultSequence>${SHOW}</faultSequence>`) +
      '<sequence name="outer" onError="h1"><sequence key="inner"/></sequence>' +
      '<sequence name="inner" onError="h2"><sequence key="missing"/></sequence>' +
      '<sequence name="h2"><sequence key="missing too"/></sequence>' +
      `<sequence name="h1">${SHOW}</sequence>`,
  );
  await world.ask();
  assert.deepEqual(world.log.messages("info"), [
    "c = 0, m = Sequence named missing cannot be found",
  ]);
});

test("an onError handler is gone once its sequence has ended", async () => {
  const world = new MediationWorld(
    proxy(
      '<sequence key="good"/><sequence key="missing"/>',
      `<faultSequence>${SHOW}</faultSequence>`,
    ) +
      '<sequence name="good" onError="h"><log level="custom"/></sequence><sequence name="h"><respond/></sequence>',
  );
  assert.equal((await world.ask()).status, 202);
});

test("a fault in the out sequence is handled with the response", async () => {
  const world = new MediationWorld(
    proxy(
      `<send>${TO_BACKEND}</send>`,
      '<outSequence><sequence key="missing"/></outSequence><faultSequence><respond/></faultSequence>',
    ),
  );
  assert.match((await world.ask()).text, /<ok\/>/);
});

test("a missing endpoint key is a fault of the message, with its own code", async () => {
  const world = new MediationWorld(
    proxy('<send><endpoint key="nope"/></send>', `<faultSequence>${SHOW}</faultSequence>`),
  );
  await world.ask();
  assert.equal(
    world.log.messages("info").at(-1),
    "c = 305100, m = Couldn't find the endpoint with the key : nope",
  );
});

test("a missing in sequence is a fault", async () => {
  const world = new MediationWorld(`<proxy name="P"><target inSequence="X"/></proxy>`);
  await world.ask();
  assert.match(world.log.messages("warn").join(), /Unable to find in-sequence : X/);
});

test("without a fault sequence the global one logs and the client gets 202", async () => {
  const world = new MediationWorld(proxy('<sequence key="missing"/>'));
  const answer = await world.ask();
  assert.equal(answer.status, 202);
  assert.equal(answer.text, "");
  assert.match(world.log.messages("info").join(), /MESSAGE = Executing default 'fault' sequence/);
});

test("FORCE_ERROR_ON_SOAP_FAULT makes a fault of a SOAP fault", async () => {
  const world = new MediationWorld(
    proxy(
      `<property name="FORCE_ERROR_ON_SOAP_FAULT" value="true"/><call>${TO_BACKEND}</call>`,
      `<faultSequence>${SHOW}</faultSequence>`,
    ),
  );
  const fault = `<f:Fault xmlns:f="${SOAP11}"><faultcode>f:Server</faultcode><faultstring>sorry</faultstring></f:Fault>`;
  world.backend = () => responseOf(500, "text/xml", soap(fault));
  await world.ask();
  assert.equal(world.log.messages("info").at(-1), "c = 500000, m = sorry");
});

test("a blocking call fails with the code of blocking calls", async () => {
  const world = new MediationWorld(
    proxy(`<call blocking="true">${TO_BACKEND}</call>`, `<faultSequence>${SHOW}</faultSequence>`),
  );
  world.backend = () => {
    throw new EndpointFailure("refused", "refused");
  };
  await world.ask();
  assert.match(world.log.messages("info").at(-1) ?? "", /^c = 401001/);
});

test("a response body that is thrown away or fails unread ends nothing but itself", async () => {
  const failing = (): Readable =>
    new Readable({
      read: () => undefined,
      destroy: (_error, done) => done(new Error("Request aborted")),
    });
  const call = `<call>${TO_BACKEND}</call><respond/>`;
  for (const status of [204, 304]) {
    const world = new MediationWorld(proxy(call));
    world.backend = () => ({ status, reason: "", headers: [], body: streamOf(failing()) });
    assert.equal((await world.ask()).status, status);
    // An 'error' event without a listener would be thrown in the next turn.
    await setImmediate();
  }
});

test("a status that mediation has replaced does not keep the phrase of the endpoint's", async () => {
  const replaced = '<property name="HTTP_SC" value="201" scope="axis2"/>';
  const worded = '<property name="HTTP_SC_DESC" value="Made" scope="axis2"/>';
  const answer = async (mediators: string): Promise<string | undefined> => {
    const world = new MediationWorld(proxy(`<call>${TO_BACKEND}</call>${mediators}<respond/>`));
    world.backend = () => ({ ...responseOf(200, "text/xml", soap("<ok/>")), reason: "Fine" });
    return (await world.ask()).reason;
  };
  assert.equal(await answer(""), "Fine");
  assert.equal(await answer(replaced), undefined);
  assert.equal(await answer(replaced + worded), "Made");
});
