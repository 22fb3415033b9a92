/** The head of what git http-backend writes. */
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, it } from "node:test";
import { parseCgiHead, readCgiHead } from "../../../../src/depsync/http-backend/cgi-head.ts";

const HEAD = "Status: 404 Not Found\r\nCache-Control: no-cache\r\n\r\n";

function stream(chunks: readonly string[]): Readable {
  return Readable.from(
    chunks.map((chunk) => Buffer.from(chunk)),
    { objectMode: false },
  );
}

describe("readCgiHead", () => {
  it("reads status and fields and leaves the body, wherever the chunks end", async () => {
    const all = `${HEAD}body\r\n\r\nwith more`;
    for (const chunks of [[all], all.split(""), [HEAD, "body\r\n\r\nwith more"]]) {
      const output = stream(chunks);
      const { status, fields } = await readCgiHead(output);
      assert.equal(status, 404);
      assert.deepEqual([...fields], [["cache-control", "no-cache"]]);
      assert.equal(await text(output), "body\r\n\r\nwith more");
    }
  });

  it("has the status 200 where none is told", () => {
    assert.equal(parseCgiHead("Content-Type: text/plain").status, 200);
  });

  it("fails where there is no head, and where the program ends in the midst of it", async () => {
    await assert.rejects(readCgiHead(stream(["Status: 200"])), /ended without an answer/);
    await assert.rejects(readCgiHead(stream([])), /ended without an answer/);
    await assert.rejects(readCgiHead(stream(["x".repeat(9_000)])), /no head/);
    await assert.rejects(readCgiHead(stream(["no field\r\n\r\n"])), /a head that is none/);
  });
});
