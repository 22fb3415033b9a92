/** The slots of a session table: keys as packed words, found by hash, in the order of their last use. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { KeyBytes, viewOf } from "../../../../src/cluster/key-bytes.ts";
import { PackedKey } from "../../../../src/gateway/upstream/packed-key.ts";
import { NONE, SessionSlots } from "../../../../src/gateway/upstream/session-slots.ts";
import { SeededRandom, seedOfRun } from "../../../simulation/seeded-random.ts";

const random = new SeededRandom(seedOfRun());
const factors = (): number => random.next();
/** All factors are 0: every key has the same hash. */
const colliding = (): number => 0;
/** Alike but for padding, length, bytes of 0 and their place. */
const ALIKE = [
  "a",
  "a\0",
  "a\0\0\0\0",
  "\0",
  "\0\0",
  "\0a",
  "aaaa",
  "aaaa\0",
  "aaaaa",
  "\0\0\0\0a",
];
const WIDE = ["é", "é".repeat(20), "ключ", "😀".repeat(10), "x".repeat(40), "x".repeat(39)];

/** The key as it stands in a message, from a byte that no word begins at. */
function inMessage(key: string, pad = 3): KeyBytes {
  const bytes = Buffer.concat([Buffer.alloc(pad, 0xff), Buffer.from(key), Buffer.alloc(5, 0xff)]);
  const place = new KeyBytes();
  place.set(bytes, viewOf(bytes), pad, Buffer.byteLength(key));
  return place;
}

function add(slots: SessionSlots, key: string | KeyBytes): number {
  assert.equal(slots.key.take(key), true);
  return slots.add();
}

function find(slots: SessionSlots, key: string | KeyBytes): number {
  return slots.key.take(key) ? slots.find() : NONE;
}

for (const [name, source] of Object.entries({ factors, colliding })) {
  test(`keys that are alike are told apart, with ${name} for the hash`, () => {
    const slots = new SessionSlots(100, source);
    const keys = [...ALIKE, ...WIDE];
    for (const key of keys) assert.equal(find(slots, key), NONE);
    const places = keys.map((key) => add(slots, key));
    assert.equal(new Set(places).size, keys.length);
    for (const [index, key] of keys.entries()) {
      assert.equal(find(slots, key), places[index]);
      assert.equal(find(slots, inMessage(key)), places[index]);
      assert.equal(slots.keyOf(places[index] ?? NONE), key);
    }
  });

  test(`slots agree with a map over 20,000 random steps, with ${name} for the hash`, () => {
    const slots = new SessionSlots(64, source);
    const model = new Map<string, number>();
    for (let step = 0; step < 20_000; step += 1) {
      const key = random.happens(0.5) ? `k${random.whole(0, 150)}` : `${random.whole(0, 99)}\0`;
      const asked = random.happens(0.5) ? key : inMessage(key, random.whole(0, 4));
      const slot = find(slots, asked);
      assert.equal(slot, model.get(key) ?? NONE);
      if (slot !== NONE && random.happens(0.4)) {
        slots.remove(slot);
        model.delete(key);
      } else if (slot !== NONE) {
        slots.use(slot);
        model.delete(key);
        model.set(key, slot);
      } else if (model.size < 64) model.set(key, slots.add());
      else assert.equal(slots.add(), NONE);
    }
    const order: number[] = [];
    for (let slot = slots.oldest; slot !== NONE; slot = slots.newerThan(slot)) order.push(slot);
    assert.deepEqual(order, [...model.values()]);
    assert.equal(slots.count, model.size);
  });
}

test("a key has 1 to 40 bytes of UTF-8, as text and in a message", () => {
  const key = new PackedKey(factors);
  for (const good of [...ALIKE, ...WIDE])
    for (const given of [good, inMessage(good)]) {
      assert.equal(key.take(given), true);
      assert.equal(key.length, Buffer.byteLength(good));
    }
  const bad = ["", "x".repeat(41), "é".repeat(21), `${"x".repeat(38)}€`, `${"x".repeat(37)}😀`];
  for (const refused of bad)
    for (const given of [refused, inMessage(refused), refused])
      assert.deepEqual([key.take(given), key.length], [false, 0]);
});

test("text and message give the same words and hash, whatever key was meant before", () => {
  const key = new PackedKey(factors);
  for (const text of [...ALIKE, ...WIDE]) {
    key.take("y".repeat(40));
    key.take(text);
    const packed = [key.hash, [...key.words]];
    key.take(inMessage("z".repeat(40)));
    key.take(inMessage(text));
    assert.deepEqual([key.hash, [...key.words]], packed);
    assert.deepEqual(Buffer.from(key.words.buffer).subarray(0, key.length).toString(), text);
  }
});

test("every bit of a key and its length change the hash", () => {
  const key = new PackedKey(factors);
  const hashOf = (bytes: Buffer): number => {
    const place = new KeyBytes();
    place.set(bytes, viewOf(bytes), 0, bytes.length);
    key.take(place);
    return key.hash;
  };
  const hashes = new Set<number>();
  let made = 0;
  for (let length = 1; length <= 40; length += 1) {
    hashes.add(hashOf(Buffer.alloc(length)));
    made += 1;
    for (let bit = 0; bit < 8 * length; bit += 1) {
      const bytes = Buffer.alloc(length);
      bytes[bit >> 3] = 1 << (bit & 7);
      hashes.add(hashOf(bytes));
      made += 1;
    }
  }
  // 6,600 keys: by chance two of them have the same hash in one run of two hundred.
  assert.ok(hashes.size >= made - 2, `${made - hashes.size} collisions`);
});

test("keys in a pattern are spread over the buckets as chance would spread them", () => {
  const COUNT = 1 << 14;
  const patterns: readonly ((index: number) => string)[] = [
    (index) => `${index.toString(16).padStart(8, "0")}7f3a9c51e0b2d846aa31bc09`,
    (index) => `7f3a9c51e0b2d846aa31bc09${index.toString(16).padStart(8, "0")}`,
    (index) => "a".repeat(index % 20) + index.toString(2),
    (index) => index.toString(2).padStart(14, "0").split("").join("\0"),
  ];
  for (const pattern of patterns) {
    const key = new PackedKey(factors);
    const buckets = new Map<number, number>();
    for (let index = 0; index < COUNT; index += 1) {
      key.take(pattern(index));
      const bucket = key.hash & (COUNT - 1);
      buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
    }
    let pairs = 0;
    for (const count of buckets.values()) pairs += (count * (count - 1)) / 2;
    // By chance COUNT / 2 pairs share a bucket.
    assert.ok(pairs < 3 * COUNT, `${pairs} pairs in ${pattern(1)}`);
  }
});

test("which keys collide is another matter in each table", () => {
  const hashes = [1, 2, 3, 4].map(() => {
    const key = new PackedKey(factors);
    key.take("session");
    return key.hash;
  });
  assert.equal(new Set(hashes).size, 4);
});

test("a key is shown where it stands in the table", () => {
  const slots = new SessionSlots(4, factors);
  const other = new SessionSlots(4, factors);
  const shown = new KeyBytes();
  slots.showKey(add(slots, "é\0"), shown);
  assert.deepEqual([shown.toString(), shown.isText], ["é\0", true]);
  assert.equal(other.keyOf(add(other, shown)), "é\0");
});
