/** Lines for whoever pushes, put into git's own answer. */
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, it } from "node:test";
import { withReport } from "../../../../src/depsync/http-backend/push-report.ts";

const BANDED = "000eunpack ok\n".length;
const ANSWER = "0013\u0001000eunpack ok\n0000";

function through(answer: string, cut: number, lines: readonly string[]): Promise<string> {
  const chunks = [answer.slice(0, cut), answer.slice(cut)].filter((part) => part !== "");
  const source = Readable.from(
    chunks.map((part) => Buffer.from(part)),
    { objectMode: false },
  );
  return text(
    source.pipe(
      withReport((say) => {
        for (const line of lines) say(line);
        return Promise.resolve();
      }),
    ),
  );
}

describe("withReport", () => {
  it("puts lines of the second band before the flush, wherever the chunks end", async () => {
    assert.equal(BANDED, 14);
    for (let cut = 0; cut <= ANSWER.length; cut += 1) {
      const answer = await through(ANSWER, cut, ["live", ""]);
      assert.equal(answer, `${ANSWER.slice(0, -4)}000a\u0002live\n0005\u00020000`);
    }
  });

  it("leaves an answer without bands as it is, and looks at the push all the same", async () => {
    let asked = 0;
    const source = Readable.from([Buffer.from("000eunpack ok\n0000")], { objectMode: false });
    const report = withReport((say) => {
      asked += 1;
      say("nobody reads this");
      return Promise.resolve();
    });
    assert.equal(await text(source.pipe(report)), "000eunpack ok\n0000");
    assert.equal(asked, 1);
  });
});
