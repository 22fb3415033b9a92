/** The configuration of upstreams: `sticky`, balancing methods and what they refuse. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatCookieTime } from "../../../../src/gateway/upstream/sticky-cookie.ts";
import { GatewayFixture } from "../../../helpers/gateway-fixture.ts";

const SERVER = "server 127.0.0.1:8081;";

async function upstreamOf(inside: string) {
  await using fixture = new GatewayFixture();
  const config = await fixture.load(`upstream u { ${inside} } server { listen 8080; }`);
  return { upstream: config.upstreams.get("u"), warnings: config.warnings };
}

const REFUSED: readonly (readonly [inside: string, sentence: RegExp])[] = [
  [`${SERVER} sticky cookie a; sticky route $arg_b;`, /"sticky" directive is duplicate/],
  [`${SERVER} sticky route;`, /no variables/],
  [`${SERVER} sticky cookie a samesite=odd;`, /invalid parameter "samesite=odd"/],
  [`${SERVER} sticky learn create=$arg_a lookup=$arg_a;`, /"zone" is required/],
  [`${SERVER} sticky learn create=$arg_a lookup=$arg_a zone=z:16k;`, /zone "z" is too small/],
  [`server 127.0.0.1:1 route=${"x".repeat(33)};`, /invalid parameter "route=x+"/],
  [`${SERVER} random three;`, /invalid parameter "three"/],
  [`${SERVER} hash $arg_a ketama;`, /invalid parameter "ketama"/],
  [
    `${SERVER}\nip_hash;\nserver 127.0.0.1:8082 backup;`,
    /balancing method does not support parameter "backup"/,
  ],
];

for (const [inside, sentence] of REFUSED) {
  test(`refuses ${inside.replaceAll("\n", " ")}`, async () => {
    await assert.rejects(upstreamOf(inside), sentence);
  });
}

const LEARN = "sticky learn create=$arg_a lookup=$arg_a zone=z:32k";

test("sync shares the zone, and outside a cluster a warning says that there is nobody to share it with", async () => {
  const { upstream, warnings } = await upstreamOf(`${SERVER} ${LEARN} sync;`);
  assert.ok(upstream?.sticky?.kind === "learn" && upstream.sticky.shared);
  assert.match(
    warnings[0]?.message ?? "",
    /"sync" of "sticky" has no effect without the block "cluster"/,
  );
  const own = await upstreamOf(`${SERVER} ${LEARN};`);
  assert.ok(own.upstream?.sticky?.kind === "learn" && !own.upstream.sticky.shared);
  assert.deepEqual(own.warnings, []);
});

test("takes the last balancing method and says that it was redefined", async () => {
  const { upstream, warnings } = await upstreamOf(`${SERVER}\nleast_conn;\nrandom two;`);
  assert.deepEqual(upstream?.method, { kind: "random", two: true });
  assert.ok(warnings.some(({ message }) => message === "load balancing method redefined"));
});

test("the date of a cookie has two digits for the year up to 2037 and four after", () => {
  assert.equal(formatCookieTime(784_111_777_000), "Sun, 06-Nov-94 08:49:37 GMT");
  assert.equal(formatCookieTime(Date.UTC(2040, 0, 2)), "Mon, 02-Jan-2040 00:00:00 GMT");
});
