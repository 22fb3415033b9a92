import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Transformation,
  TransformerBusy,
  XSLT_WAIT_MAX_MS,
  XsltTransformer,
} from "../../../../src/mediation/transform/xslt-transformer.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";

const XSL = 'xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"';
const ENDLESS = `<xsl:template match="/"><xsl:call-template name="r"><xsl:with-param name="n" select="60"/></xsl:call-template></xsl:template><xsl:template name="r"><xsl:param name="n"/><xsl:if test="$n &gt; 0"><xsl:call-template name="r"><xsl:with-param name="n" select="$n - 1"/></xsl:call-template><xsl:call-template name="r"><xsl:with-param name="n" select="$n - 1"/></xsl:call-template></xsl:if></xsl:template>`;
const ECHO = '<xsl:template match="/"><o><xsl:value-of select="."/></o></xsl:template>';

function job(templates: string, source = "<a>1</a>"): Transformation {
  const text = `<xsl:stylesheet ${XSL}>${templates}</xsl:stylesheet>`;
  return {
    stylesheetId: templates,
    stylesheet: { text, resources: {} },
    source: new TextEncoder().encode(source),
    parameters: [],
  };
}

async function result(transformer: XsltTransformer, of: Transformation): Promise<string> {
  const { bytes } = await transformer.transform(of);
  return Buffer.from(bytes ?? []).toString("utf8");
}

test("answers many transformations at once, each its own, by more stylesheets than a thread keeps", async () => {
  const transformer = new XsltTransformer({ threadsMax: 2 });
  const numbers = Array.from({ length: 300 }, (_, index) => index);
  const results = await Promise.all(
    numbers.map((number) =>
      result(transformer, job(`${ECHO}<!--${number % 100}-->`, `<a>${number}</a>`)),
    ),
  );
  for (const number of numbers) assert.match(results[number] ?? "", new RegExp(`<o>${number}</o>`));
});

test("a transformation that takes too long fails alone: those behind it go to the next thread", async () => {
  const clock = new FakeClock();
  const transformer = new XsltTransformer({ clock, timeMaxMs: 500, threadsMax: 1 });
  const endless = assert.rejects(transformer.transform(job(ENDLESS)), /it took longer than 500 ms/);
  const others = [1, 2, 3].map((number) => result(transformer, job(ECHO, `<a>${number}</a>`)));
  // By the time that another thread has answered, the endless one has long begun.
  await result(new XsltTransformer({ clock }), job(ECHO));
  clock.advance(500);
  await endless;
  assert.match((await Promise.all(others)).join(""), /<o>1<\/o>[^]*<o>2<\/o>[^]*<o>3<\/o>/);
});

test("says at once that too many are waiting", async () => {
  const clock = new FakeClock();
  const transformer = new XsltTransformer({ clock, threadsMax: 1, waitingMax: 2 });
  const begun = [job(ECHO), job(ECHO)].map((each) => result(transformer, each));
  await assert.rejects(transformer.transform(job(ECHO)), TransformerBusy);
  assert.match((await Promise.all(begun)).join(""), /<o>1<\/o>[^]*<o>1<\/o>/);
  assert.match(await result(transformer, job(ECHO)), /<o>1<\/o>/);
});

test("a transformation that has waited too long for its turn is told to come again", async () => {
  const clock = new FakeClock();
  const timeMaxMs = XSLT_WAIT_MAX_MS + 1;
  const transformer = new XsltTransformer({ clock, timeMaxMs, threadsMax: 1 });
  const endless = assert.rejects(transformer.transform(job(ENDLESS)), /took longer/);
  const behind = assert.rejects(transformer.transform(job(ECHO)), TransformerBusy);
  await new Promise<void>((resolve) => void setImmediate(resolve));
  clock.advance(timeMaxMs);
  await Promise.all([endless, behind]);
  assert.match(await result(transformer, job(ECHO)), /<o>1<\/o>/);
});

test("says whether a result is one element, and that a source is no XML", async () => {
  const transformer = new XsltTransformer({ threadsMax: 1 });
  const text = '<xsl:template match="/">text<o/></xsl:template>';
  const one = await transformer.transform(job(ECHO));
  assert.equal(one.isElement, true);
  assert.equal((await transformer.transform(job(text))).isElement, false);
  const faulty = await transformer.transform(job(ECHO, "<p:a/>"));
  assert.deepEqual([faulty.bytes, faulty.isSourceFaulty], [undefined, true]);
});

test("a result without end fails and leaves the next transformation alone", async () => {
  const transformer = new XsltTransformer({ threadsMax: 1 });
  const padding = `<xsl:template match="/"><o><xsl:for-each select="//a"><xsl:for-each select="//a"><xsl:for-each select="//a"><xsl:copy-of select="/"/></xsl:for-each></xsl:for-each></xsl:for-each></o></xsl:template>`;
  const source = `<r>${"<a>xxxxxxxxxxxxxxxxxxxx</a>".repeat(400)}</r>`;
  await assert.rejects(transformer.transform(job(padding, source)), /Unable to perform XSLT/);
  assert.match(await result(transformer, job(ECHO)), /<o>1<\/o>/);
});

test("a stylesheet that reports lines of megabytes takes no memory for them, and its first characters are kept", async () => {
  const line = '<xsl:message><xsl:value-of select="$s"/></xsl:message>';
  const doubled = `<xsl:template match="/"><xsl:call-template name="d"/><o/></xsl:template><xsl:template name="d"><xsl:param name="s" select="'xy '"/><xsl:choose><xsl:when test="string-length($s) &lt; 12000000"><xsl:call-template name="d"><xsl:with-param name="s" select="concat($s, $s)"/></xsl:call-template></xsl:when><xsl:otherwise>${line}${line}</xsl:otherwise></xsl:choose></xsl:template>`;
  const { bytes, messages } = await new XsltTransformer().transform(job(doubled));
  assert.match(Buffer.from(bytes ?? []).toString("utf8"), /<o\/>/);
  assert.match(messages, /^(?:xy )+/);
  assert.ok(messages.length <= 8_000, `${messages.length} characters`);
});
