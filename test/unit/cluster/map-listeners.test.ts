import assert from "node:assert/strict";
import { test } from "node:test";
import { MapListeners } from "../../../src/cluster/map-listeners.ts";
import { createLog } from "../../../src/observability/log.ts";

const log = createLog({ node: "test", sinks: [] });

test("no text is made of a key that nobody listens to", () => {
  const listeners = new MapListeners("map", log);
  let looks = 0;
  const entry = (value: string | undefined) => ({
    value,
    get key(): string {
      looks += 1;
      return "key";
    },
  });
  const heard: string[] = [];
  const forget = listeners.on("set", (key, value) => heard.push(`${key}=${value}`));
  listeners.tell(entry(undefined));
  assert.equal(looks, 0);
  listeners.tell(entry("value"));
  assert.deepEqual([looks, heard], [1, ["key=value"]]);
  forget();
  listeners.on("deleted", (key) => heard.push(key));
  listeners.tell(entry("value"));
  listeners.tell(entry(undefined));
  assert.deepEqual([looks, heard], [2, ["key=value", "key"]]);
});
