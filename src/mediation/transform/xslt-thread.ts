/**
 * The thread that transforms: libxslt in WebAssembly, one job after the other, started and ended by
 * `xslt-transformer.ts`. A thread of its own, because a transformation cannot be interrupted from outside, one that
 * recurses without end leaves the heap of the WebAssembly module unusable, and the package reads imports through
 * the global `fetch`, which in here answers from the job's resources only and never opens a connection.
 */
import { createRequire } from "node:module";
import { parentPort } from "node:worker_threads";
import type { XsltAnswer, XsltJob } from "./xslt-job.ts";
import { BASE_URL } from "./xslt-job.ts";

/** Compiled stylesheets that are kept. */
const STYLESHEETS_MAX = 64;

/** Longest text of messages that one job keeps. */
const MESSAGES_MAX = 4_000;

interface LibXslt {
  readonly HEAPU8: Uint8Array;
  stringToNewUTF8(text: string): number;
  UTF8ToString(pointer: number): string;
  setValue(pointer: number, value: number, type: string): void;
  _malloc(size: number): number;
  _free(pointer: number): void;
  _xmlReadMemory(
    bytes: number,
    size: number,
    url: number,
    encoding: number,
    options: number,
  ): Promise<number>;
  _xmlFreeDoc(document: number): void;
  _xsltParseStylesheetDoc(document: number): Promise<number>;
  _xsltFreeStylesheet(stylesheet: number): void;
  _xsltApplyStylesheet(stylesheet: number, document: number, parameters: number): Promise<number>;
  _xsltSaveResultTo(buffer: number, result: number, stylesheet: number): number;
  _xmlAllocOutputBuffer(encoder: number): number;
  _xmlOutputBufferGetContent(buffer: number): number;
  _xmlOutputBufferGetSize(buffer: number): number;
  _xmlOutputBufferClose(buffer: number): number;
  _exsltRegisterAll(): void;
}

let messages = "";
let resources: Readonly<Record<string, string>> = {};

// libxslt reports to standard error, which the package writes with fs.writeSync: here it is collected instead.
const fs = createRequire(import.meta.url)("node:fs") as { writeSync: unknown };
fs.writeSync = (_: number, text: unknown): void => {
  if (messages.length < MESSAGES_MAX) messages += String(text);
};

globalThis.fetch = ((url: string): Promise<unknown> => {
  const text = resources[url];
  const bytes = new TextEncoder().encode(text ?? "");
  const response = { ok: text !== undefined, status: 404, bytes: () => Promise.resolve(bytes) };
  return Promise.resolve(response);
}) as unknown as typeof fetch;

const { default: load } = (await import("libxslt-wasm/output/libxslt.js")) as unknown as {
  default: () => Promise<LibXslt>;
};
const library = await load();
library._exsltRegisterAll();

const stylesheets = new Map<string, number>();

async function readDocument(text: string): Promise<number> {
  const bytes = Buffer.from(text, "utf8");
  const pointer = library._malloc(bytes.length + 1);
  const url = library.stringToNewUTF8(BASE_URL);
  try {
    library.HEAPU8.set(bytes, pointer);
    return await library._xmlReadMemory(pointer, bytes.length, url, 0, 0);
  } finally {
    library._free(pointer);
    library._free(url);
  }
}

async function stylesheetOf(job: XsltJob): Promise<number> {
  const known = stylesheets.get(job.stylesheetId);
  if (known !== undefined) {
    stylesheets.delete(job.stylesheetId);
    stylesheets.set(job.stylesheetId, known);
    return known;
  }
  const document = await readDocument(job.stylesheet);
  if (document === 0) throw new Error("The stylesheet is not well-formed");
  const compiled = await library._xsltParseStylesheetDoc(document);
  if (compiled === 0) {
    library._xmlFreeDoc(document);
    throw new Error("The stylesheet is faulty");
  }
  // libxslt compiles what it can and only reports the rest. It reads version 2.0 as far as that is 1.0.
  messages = messages.replace(
    /compilation error[^\n]*\nxsl:version: only 1\.\d features are supported\n/g,
    "",
  );
  if (/compilation error|unable to load|unknown xsl:/.test(messages)) {
    library._xsltFreeStylesheet(compiled);
    throw new Error("The stylesheet is faulty");
  }
  stylesheets.set(job.stylesheetId, compiled);
  const [oldest] = stylesheets.keys();
  if (stylesheets.size > STYLESHEETS_MAX && oldest !== undefined) {
    library._xsltFreeStylesheet(stylesheets.get(oldest) ?? 0);
    stylesheets.delete(oldest);
  }
  return compiled;
}

async function transform(job: XsltJob): Promise<string> {
  const stylesheet = await stylesheetOf(job);
  const document = await readDocument(job.source);
  if (document === 0) throw new Error("The source is not well-formed");
  const texts = job.parameters.map((text) => library.stringToNewUTF8(text));
  const list = library._malloc(4 * (texts.length + 1));
  try {
    for (const [index, text] of [...texts, 0].entries())
      library.setValue(list + 4 * index, text, "*");
    const result = await library._xsltApplyStylesheet(stylesheet, document, list);
    if (result === 0) throw new Error("The transformation failed");
    try {
      return saved(result, stylesheet);
    } finally {
      library._xmlFreeDoc(result);
    }
  } finally {
    library._xmlFreeDoc(document);
    library._free(list);
    for (const text of texts) library._free(text);
  }
}

function saved(result: number, stylesheet: number): string {
  const buffer = library._xmlAllocOutputBuffer(0);
  try {
    if (library._xsltSaveResultTo(buffer, result, stylesheet) < 0)
      throw new Error("The result cannot be written");
    const size = library._xmlOutputBufferGetSize(buffer);
    const start = library._xmlOutputBufferGetContent(buffer);
    return Buffer.from(library.HEAPU8.subarray(start, start + size)).toString("utf8");
  } finally {
    library._xmlOutputBufferClose(buffer);
  }
}

async function answer(job: XsltJob): Promise<XsltAnswer> {
  messages = "";
  ({ resources } = job);
  try {
    const text = await transform(job);
    return { id: job.id, text, messages, heapBytes: library.HEAPU8.length, broken: false };
  } catch (error) {
    // What WebAssembly itself throws leaves its heap in an unknown state.
    const broken =
      error instanceof RangeError ||
      error instanceof WebAssembly.RuntimeError ||
      error instanceof TypeError;
    const reason = error instanceof Error ? error.message : String(error);
    return { id: job.id, error: reason, messages, heapBytes: library.HEAPU8.length, broken };
  }
}

let last: Promise<void> = Promise.resolve();
// A thread has no origin: the rule means windows of browsers.
parentPort?.on("message", (job: XsltJob) => {
  // eslint-disable-next-line unicorn/require-post-message-target-origin
  last = last.then(async () => parentPort?.postMessage(await answer(job)));
});
