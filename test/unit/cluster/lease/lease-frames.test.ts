import assert from "node:assert/strict";
import { test } from "node:test";
import { MalformedBytes } from "../../../../src/cluster/byte-reader.ts";
import {
  decodeLeaseFrame,
  encodeLeaseFrame,
  type LeaseFrame,
} from "../../../../src/cluster/lease/lease-frames.ts";

const FRAMES: readonly LeaseFrame[] = [
  {
    kind: "requests",
    round: 3,
    requests: [
      { kind: "claim", job: "task T", term: 1_795_000_000_000 },
      { kind: "renew", job: "processor ü", term: 1 },
      { kind: "release", job: "x", term: 0 },
    ],
  },
  { kind: "answers", round: 2 ** 40, answers: [{ isGranted: true, term: 9 }] },
];

test("requests and answers come back as they were", () => {
  for (const frame of FRAMES) assert.deepEqual(decodeLeaseFrame(encodeLeaseFrame(frame)), frame);
});

test("messages that are cut off or go on after their end are refused", () => {
  for (const bytes of FRAMES.map(encodeLeaseFrame)) {
    for (let length = 0; length < bytes.length; length += 1)
      assert.throws(() => decodeLeaseFrame(bytes.subarray(0, length)), MalformedBytes);
    assert.throws(() => decodeLeaseFrame(Buffer.concat([bytes, Buffer.of(1)])), MalformedBytes);
  }
});
