import assert from "node:assert/strict";
import { test } from "node:test";
import type { HeaderList, ServiceRequest, ServiceResponse } from "../../../src/mediation/engine.ts";
import { TellingEngine } from "../../../src/worker/told-revision.ts";

const REQUEST: ServiceRequest = {
  method: "GET",
  target: "/services/P",
  headers: [],
  body: undefined,
  transport: "http",
  remoteAddress: "10.0.0.1",
  addressPrefixes: {},
};

function setUp(answer: HeaderList) {
  const seen: HeaderList[] = [];
  const done = () => Promise.resolve();
  const handle = async ({ headers }: ServiceRequest): Promise<ServiceResponse> => {
    seen.push(headers);
    return { status: 200, headers: answer, body: undefined };
  };
  const jobs = { activate: done, retire: done };
  const engine = { artifacts: [], apps: [], outcomes: () => [], handle, ...jobs };
  return { seen, telling: new TellingEngine({ engine, revision: "abc" }) };
}

test("a request that asks for it is told the revision; the back end sees nothing of it and cannot say otherwise", async () => {
  const { seen, telling } = setUp([
    ["Content-Type", "text/plain"],
    ["x-bascule-revision", "of a Bascule behind this one"],
  ]);
  const headers: HeaderList = [
    ["X-BASCULE-REVISION", "?"],
    ["Accept", "*/*"],
  ];
  const answer = await telling.handle({ ...REQUEST, headers });
  assert.deepEqual(
    answer.headers.map(([name, value]) => [name, value]),
    [
      ["Content-Type", "text/plain"],
      ["X-Bascule-Revision", "abc"],
    ],
  );
  assert.deepEqual(seen, [[["Accept", "*/*"]]]);
});

test("a request that does not ask is answered as it is", async () => {
  const { telling } = setUp([["Content-Type", "text/plain"]]);
  const answer = await telling.handle(REQUEST);
  assert.deepEqual(answer.headers, [["Content-Type", "text/plain"]]);
});
