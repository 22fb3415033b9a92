import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../../helpers/fake-clock.ts";
import { responseOf } from "../../../helpers/stock-quote-backend.ts";
import { headerOf, MediationWorld, proxy, soap, TO_BACKEND } from "../mediation-world.ts";

const SEND = `<send>${TO_BACKEND}</send>`;
const SYMBOLS = soap("<q><symbol>A</symbol><symbol>B</symbol><symbol>C</symbol></q>");
const OUT = (aggregate: string): string => `<outSequence>${aggregate}</outSequence>`;
const COLLECT = '<aggregate><onComplete expression="//r"><send/></onComplete></aggregate>';

/** Answers each request with `<r>` around the symbols that it holds. */
function quoting(world: MediationWorld): MediationWorld {
  world.backend = ({ text }) => {
    const symbols = [...text.matchAll(/<symbol>(\w+)<\/symbol>/g)].map((match) => match[1]);
    return responseOf(200, "text/xml", soap(`<r>${symbols.join("+")}</r>`));
  };
  return world;
}

function results(text: string): readonly string[] {
  return [...text.matchAll(/<r>([\w+]*)<\/r>/g)].map((match) => match[1] ?? "").toSorted();
}

const target = (inside: string): string => `<target><sequence>${inside}</sequence></target>`;

test("iterate sends one element in each copy, and aggregate puts the answers into one body", async () => {
  const iterate = `<iterate expression="//symbol">${target(SEND)}</iterate>`;
  const world = quoting(new MediationWorld(proxy(iterate, OUT(COLLECT))));
  const answer = await world.ask({ body: SYMBOLS });
  assert.equal(answer.status, 200);
  assert.deepEqual(results(answer.text), ["A", "B", "C"]);
  assert.ok(world.received.every(({ text }) => text.includes("<soapenv:Body><symbol>")));
});

test("iterate with preservePayload attaches the element where the path says", async () => {
  const iterate = `<iterate preservePayload="true" attachPath="//q" expression="//q/symbol">${target(SEND)}</iterate>`;
  const world = quoting(new MediationWorld(proxy(iterate, OUT(COLLECT))));
  const answer = await world.ask({ body: SYMBOLS });
  assert.deepEqual(results(answer.text), ["A", "B", "C"]);
  assert.ok(world.received.every(({ text }) => /<q><symbol>.<\/symbol><\/q>/.test(text)));
});

test("an attach path that finds nothing is a fault of the message", async () => {
  const iterate = `<iterate preservePayload="true" attachPath="//none" expression="//symbol">${target(SEND)}</iterate>`;
  const world = new MediationWorld(proxy(iterate));
  assert.equal((await world.ask({ body: SYMBOLS })).status, 202);
  assert.match(
    world.log.messages("warn").join("\n"),
    /Unable to get the attach path specified by the expression \/\/none/,
  );
  assert.equal(world.received.length, 0);
});

test("iterate without a match sends nothing and the client gets 202", async () => {
  const world = new MediationWorld(proxy(`<iterate expression="//none">${target(SEND)}</iterate>`));
  const answer = await world.ask({ body: SYMBOLS });
  assert.equal(answer.status, 202);
  assert.equal(world.received.length, 0);
});

test("continueParent lets the message itself go on, unchanged", async () => {
  const iterate = `<iterate continueParent="true" expression="//symbol">${target("<drop/>")}</iterate><respond/>`;
  const world = new MediationWorld(proxy(iterate));
  assert.match(
    (await world.ask({ body: SYMBOLS })).text,
    /A<\/symbol><symbol>B<\/symbol><symbol>C/,
  );
});

test("iterate over a JSON array: items as payloads, or in the place of the attach path", async () => {
  const body = '{"list":[{"n":1},{"n":2}],"other":true}';
  const ask = { body, headers: { "Content-Type": "application/json" } };
  const received = async (attributes: string): Promise<readonly string[]> => {
    const iterate = `<iterate ${attributes} expression="json-eval($.list)">${target(SEND)}</iterate>`;
    const world = new MediationWorld(proxy(iterate, OUT("<drop/>")));
    await world.ask(ask);
    return world.received.map(({ text }) => text);
  };
  assert.deepEqual(await received(""), ['{"n":1}', '{"n":2}']);
  assert.deepEqual(await received('preservePayload="true" attachPath="json-eval($.list)"'), [
    '{"list":{"n":1},"other":true}',
    '{"list":{"n":2},"other":true}',
  ]);
});

test("clone copies the message for each target, with another To and SOAPAction", async () => {
  const clone = `<clone id="c"><target to="http://one:9000/s" soapAction="urn:one"><sequence><send/></sequence></target><target>${TO_BACKEND}</target></clone>`;
  const collect = '<aggregate id="c"><onComplete expression="//r"><send/></onComplete></aggregate>';
  const world = quoting(new MediationWorld(proxy(clone, OUT(collect))));
  const answer = await world.ask();
  assert.deepEqual(results(answer.text), ["IBM", "IBM"]);
  const one = world.received.find(({ url }) => url.startsWith("http://one:9000/s"));
  assert.equal(headerOf(one?.headers ?? [], "SOAPAction"), '"urn:one"');
});

test("a fault in one copy runs the fault sequence on that copy only", async () => {
  const bad = '<target><sequence><sequence key="missing"/></sequence></target>';
  const fault =
    '<faultSequence><log level="custom"><property name="F" expression="get-property(\'ERROR_MESSAGE\')"/></log></faultSequence>';
  const out = OUT("<send/>") + fault;
  const world = quoting(new MediationWorld(proxy(`<clone>${bad}${target(SEND)}</clone>`, out)));
  const answer = await world.ask();
  assert.deepEqual(results(answer.text), ["IBM"]);
  assert.match(world.log.messages("info").join("\n"), /F = Sequence named missing cannot be found/);
});

test("a copy whose branch called an endpoint goes on behind the iterate, where aggregate collects it", async () => {
  const call = `<call>${TO_BACKEND}</call>`;
  const flow = `<iterate expression="//symbol">${target(call)}</iterate><aggregate><onComplete expression="//r"><respond/></onComplete></aggregate>`;
  const world = quoting(new MediationWorld(proxy(flow)));
  const answer = await world.ask({ body: SYMBOLS });
  assert.equal(answer.status, 200);
  assert.deepEqual(results(answer.text), ["A", "B", "C"]);
});

test("what a copy goes on to includes the rest of the sequences around the iterate", async () => {
  const inner = `<sequence name="inner"><iterate expression="//symbol">${target(`<call>${TO_BACKEND}</call>`)}</iterate></sequence>`;
  const flow = `<sequence key="inner"/>${COLLECT.replace("<send/>", "<respond/>")}`;
  const world = quoting(new MediationWorld(proxy(flow) + inner));
  assert.deepEqual(results((await world.ask({ body: SYMBOLS })).text), ["A", "B", "C"]);
});

test("aggregate completes at its least number, and with all copies however great that is", async () => {
  const collect = (count: string): string =>
    `<aggregate><completeCondition><messageCount ${count}/></completeCondition><onComplete expression="//r"><send/></onComplete></aggregate>`;
  const iterate = `<iterate sequential="true" expression="//symbol">${target(SEND)}</iterate>`;
  const ask = async (count: string): Promise<readonly string[]> => {
    const world = quoting(new MediationWorld(proxy(iterate, OUT(collect(count)))));
    return results((await world.ask({ body: SYMBOLS })).text);
  };
  assert.deepEqual(await ask('min="2" max="-1"'), ["A", "B"]);
  assert.deepEqual(await ask('min="50" max="{get-property(\'none\')}"'), ["A", "B", "C"]);
  assert.deepEqual(await ask('min="-1" max="1"'), ["A"]);
});

test("aggregate goes on with what it has when its time is up", async () => {
  const clock = new FakeClock();
  const bad = target("<drop/>");
  const collect =
    '<aggregate><completeCondition timeout="2"/><onComplete expression="//r"><send/></onComplete></aggregate>';
  const world = quoting(
    new MediationWorld(proxy(`<clone>${bad}${target(SEND)}</clone>`, OUT(collect)), { clock }),
  );
  const asked = world.ask();
  await clock.advanceAsync(2_100, 100);
  const answer = await asked;
  assert.equal(answer.status, 200);
  assert.deepEqual(results(answer.text), ["IBM"]);
  assert.equal(clock.pendingCount, 0);
});

test("a group that can never be complete ends with its exchange: 202", async () => {
  const world = quoting(
    new MediationWorld(proxy(`<clone>${target("<drop/>")}${target(SEND)}</clone>`, OUT(COLLECT))),
  );
  assert.equal((await world.ask()).status, 202);
});

test("two clients with the same message id are never aggregated together", async () => {
  const world = quoting(
    new MediationWorld(proxy(`<clone>${target("<drop/>")}${target(SEND)}</clone>`, OUT(COLLECT))),
  );
  const answers = await Promise.all([world.ask(), world.ask()]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [202, 202],
  );
});

test("aggregate puts the user's element around the result", async () => {
  const around = '<property name="A"><all xmlns="urn:all"/></property>';
  const collect =
    '<aggregate><onComplete enclosingElementProperty="A" expression="//r"><send/></onComplete></aggregate>';
  const flow = `${around}<iterate expression="//symbol">${target(SEND)}</iterate>`;
  const world = quoting(new MediationWorld(proxy(flow, OUT(collect))));
  const answer = await world.ask({ body: SYMBOLS });
  assert.match(
    answer.text,
    /<soapenv:Body><all xmlns="urn:all"><r[^>]*>.<\/r><r[^>]*>.<\/r><r[^>]*>.<\/r><\/all>/,
  );
});

test("aggregate of JSON answers is an array", async () => {
  const collect =
    '<aggregate><onComplete expression="json-eval($.n)"><send/></onComplete></aggregate>';
  const flow = `<iterate sequential="true" expression="json-eval($)">${target(SEND)}</iterate>`;
  const world = new MediationWorld(proxy(flow, OUT(collect)));
  world.backend = ({ text }) => responseOf(200, "application/json", text);
  const headers = { "Content-Type": "application/json" };
  const answer = await world.ask({ headers, body: '[{"n":1},{"n":"two"}]' });
  assert.equal(answer.text, '[1,"two"]');
});

test("a correlateOn without an expression says nothing", async () => {
  const aggregate =
    '<aggregate><correlateOn/><onComplete expression="//q"><respond/></onComplete></aggregate>';
  const clone = `<clone><target><sequence>${aggregate}</sequence></target></clone>`;
  assert.match((await new MediationWorld(proxy(clone)).ask()).text, /IBM/);
});

test("correlateOn collects by a value of the messages", async () => {
  const flow =
    '<aggregate><correlateOn expression="//symbol"/><completeCondition><messageCount min="2" max="-1"/></completeCondition><onComplete expression="//q"><respond/></onComplete></aggregate>';
  const clone = `<clone>${target(flow)}${target(flow)}</clone>`;
  const world = new MediationWorld(
    proxy(clone.replace(flow, '<sequence key="a"/>').replace(flow, '<sequence key="a"/>')) +
      `<sequence name="a">${flow}</sequence>`,
  );
  const answer = await world.ask();
  assert.equal([...answer.text.matchAll(/<q>/g)].length, 2);
});

test("messages that belong to no split pass an aggregate", async () => {
  const world = new MediationWorld(proxy(`${COLLECT}<respond/>`));
  assert.match((await world.ask()).text, /<symbol>IBM/);
});

test("faulty splits and aggregates are refused in Synapse's words", () => {
  const world = new MediationWorld("");
  const problems = (mediators: string): string => {
    const result = world.compile(proxy(mediators));
    return result.kind === "faulty" ? result.problems.map(({ message }) => message).join("\n") : "";
  };
  assert.match(problems("<clone/>"), /at least one target element/);
  assert.match(problems('<iterate expression="//a"/>'), /missing target/);
  assert.match(problems("<iterate><target/></iterate>"), /'expression' attribute/);
  assert.match(
    problems('<iterate expression="//a" attachPath="//b"><target/></iterate>'),
    /should not preserve payload/,
  );
  assert.match(problems("<aggregate/>"), /'onComplete' element/);
  assert.match(
    problems("<aggregate><onComplete/></aggregate>"),
    /'expression' attribute is required/,
  );
});

test("correlateOn collects messages of several clients, and forgets a group when its time is up", async () => {
  const clock = new FakeClock();
  const flow = (timeout: string): string =>
    `<aggregate><correlateOn expression="//symbol"/><completeCondition ${timeout}><messageCount min="2" max="-1"/></completeCondition><onComplete expression="//q"><log level="custom"><property name="GROUP" expression="count(//q)"/></log></onComplete></aggregate><respond/>`;
  const world = new MediationWorld(proxy(flow('timeout="5"')), { clock });
  const first = world.ask();
  await clock.advanceAsync(1_000, 500);
  await Promise.all([first, world.ask()]);
  assert.deepEqual(world.log.messages("info"), ["GROUP = 2.0"]);
  const lonely = world.ask();
  await clock.advanceAsync(6_000, 500);
  await lonely;
  assert.deepEqual(world.log.messages("info"), ["GROUP = 2.0", "GROUP = 1.0"]);
  assert.equal(clock.pendingCount, 0);
});

test("a clone that calls itself ends in the fault sequence, after a bounded number of copies", async () => {
  const both = `${target('<sequence key="again"/>')}${target('<sequence key="again"/>')}`;
  const world = new MediationWorld(
    `<definitions xmlns="http://ws.apache.org/ns/synapse">${proxy('<sequence key="again"/>')}
       <sequence name="again"><clone>${both}</clone></sequence></definitions>`,
  );
  assert.equal((await world.ask({ body: SYMBOLS })).status, 202);
  const faults = world.log.messages("warn").filter((line) => /nested deeper than 10/.test(line));
  assert.equal(faults.length, 2 ** 10);
});
