/**
 * The thread that transforms: libxslt in WebAssembly, one job after the other, started and ended by
 * `xslt-transformer.ts`. A thread of its own, because a transformation cannot be interrupted from outside, one that
 * recurses without end leaves the heap of the WebAssembly module unusable, and the package reads imports through
 * the global `fetch`, which in here answers from the job's resources only and never opens a connection.
 */
import { createRequire } from "node:module";
import { parentPort } from "node:worker_threads";
import type { StylesheetSource, XsltAnswer, XsltJob, XsltOrder } from "./xslt-job.ts";
import { BASE_URL } from "./xslt-job.ts";

/**
 * Memory of the module in pages of 64 KiB, 512 MiB together: a result without end fails there, and not for want of
 * the process's memory. The module asks for 2 GiB and takes what it gets.
 */
const MEMORY_PAGES_MAX = 8_192;

/** Answers of one order go out together, unless that would keep the first one waiting longer than this. */
const ANSWERS_HELD_MS = 2;

/** Kinds of nodes, and where a node tells its kind, its first child and the next node (xmlNode of libxml2, 32 bits). */
const NODE = { element: 1, text: 3, kindAt: 4, childAt: 12, nextAt: 24 } as const;

/** Longest text of messages that one job keeps. */
const MESSAGES_MAX = 4_000;

interface LibXslt {
  readonly HEAPU8: Uint8Array;
  stringToNewUTF8(text: string): number;
  UTF8ToString(pointer: number): string;
  setValue(pointer: number, value: number, type: string): void;
  getValue(pointer: number, type: string): number;
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

function report(text: string): void {
  if (messages.length < MESSAGES_MAX) messages += text;
}

// The package itself, but for libxslt, reports by fs.writeSync.
const fs = createRequire(import.meta.url)("node:fs") as { writeSync: unknown };
fs.writeSync = (_: number, text: unknown): void => report(String(text));

globalThis.fetch = ((url: string): Promise<unknown> => {
  const text = resources[url];
  const bytes = new TextEncoder().encode(text ?? "");
  const response = { ok: text !== undefined, status: 404, bytes: () => Promise.resolve(bytes) };
  return Promise.resolve(response);
}) as unknown as typeof fetch;

const { Memory, instantiate } = WebAssembly;
let memory: WebAssembly.Memory | undefined;
WebAssembly.Memory = class extends Memory {
  constructor(asked: WebAssembly.MemoryDescriptor) {
    super({ ...asked, maximum: Math.min(asked.maximum ?? Infinity, MEMORY_PAGES_MAX) });
  }
};

/**
 * libxslt reports to standard error. The package's own function for it makes a list of numbers of every line: with a line of
 * 50 MB, which one xsl:message can make, that ends the whole process and not only this thread.
 * @param vectors where count pairs of an address and a length stand (fd_write of WASI).
 */
function writeReport(_: number, vectors: number, count: number, writtenAt: number): number {
  const buffer = memory?.buffer ?? new ArrayBuffer(0);
  const view = new DataView(buffer);
  let written = 0;
  for (let vector = vectors; vector < vectors + 8 * count; vector += 8) {
    const start = view.getUint32(vector, true);
    const length = view.getUint32(vector + 4, true);
    const kept = new Uint8Array(buffer, start, Math.min(length, MESSAGES_MAX));
    report(Buffer.from(kept).toString("utf8"));
    written += length;
  }
  view.setUint32(writtenAt, written, true);
  return 0;
}

WebAssembly.instantiate = ((binary: BufferSource, imports: WebAssembly.Imports) => {
  memory = imports["env"]?.["memory"] as WebAssembly.Memory;
  const system = { ...imports["wasi_snapshot_preview1"], fd_write: writeReport };
  return instantiate(binary, { ...imports, wasi_snapshot_preview1: system });
}) as typeof instantiate;

const { default: load } = (await import("libxslt-wasm/output/libxslt.js")) as unknown as {
  default: () => Promise<LibXslt>;
};
const library = await load();
library._exsltRegisterAll();

interface KnownStylesheet extends StylesheetSource {
  /** 0: not compiled, or faulty. */
  compiled: number;
}

const stylesheets = new Map<string, KnownStylesheet>();

/** What libxml2 cannot read as XML. */
class FaultySource extends Error {}

async function readDocument(bytes: Uint8Array): Promise<number> {
  const pointer = library._malloc(bytes.length + 1);
  const url = library.stringToNewUTF8(BASE_URL);
  try {
    if (pointer === 0) throw new Error("The source is too large");
    library.HEAPU8.set(bytes, pointer);
    return await library._xmlReadMemory(pointer, bytes.length, url, 0, 0);
  } finally {
    library._free(pointer);
    library._free(url);
  }
}

/** @throws FaultySource when libxml2 reports anything at all, a prefix without a namespace for example. */
async function readSource(bytes: Uint8Array): Promise<number> {
  const before = messages.length;
  const document = await readDocument(bytes);
  if (document !== 0 && messages.length === before) return document;
  if (document !== 0) library._xmlFreeDoc(document);
  throw new FaultySource("The source is not well-formed");
}

function knownStylesheet({ stylesheetId, stylesheet }: XsltJob): KnownStylesheet {
  const known = stylesheets.get(stylesheetId);
  if (known) return known;
  if (!stylesheet) throw new Error("The stylesheet is not there");
  const added = { ...stylesheet, compiled: 0 };
  stylesheets.set(stylesheetId, added);
  return added;
}

async function compile(text: string): Promise<number> {
  const document = await readDocument(Buffer.from(text, "utf8"));
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
  return compiled;
}

function forgetStylesheets(): void {
  for (const { compiled } of stylesheets.values())
    if (compiled !== 0) library._xsltFreeStylesheet(compiled);
  stylesheets.clear();
}

type Result = Required<Pick<XsltAnswer, "bytes" | "isElement">>;

async function transform(job: XsltJob): Promise<Result> {
  const stylesheet = knownStylesheet(job);
  ({ resources } = stylesheet);
  if (stylesheet.compiled === 0) stylesheet.compiled = await compile(stylesheet.text);
  const document = await readSource(job.source);
  const texts = job.parameters.map((text) => library.stringToNewUTF8(text));
  const list = library._malloc(4 * (texts.length + 1));
  try {
    for (const [index, text] of [...texts, 0].entries())
      library.setValue(list + 4 * index, text, "*");
    const result = await library._xsltApplyStylesheet(stylesheet.compiled, document, list);
    if (result === 0) throw new Error("The transformation failed");
    try {
      return { bytes: saved(result, stylesheet.compiled), isElement: isOneElement(result) };
    } finally {
      library._xmlFreeDoc(result);
    }
  } finally {
    library._xmlFreeDoc(document);
    library._free(list);
    for (const text of texts) library._free(text);
  }
}

function saved(result: number, stylesheet: number): Uint8Array {
  const buffer = library._xmlAllocOutputBuffer(0);
  if (buffer === 0) throw new RangeError("The result cannot be written");
  try {
    if (library._xsltSaveResultTo(buffer, result, stylesheet) < 0)
      throw new Error("The result cannot be written");
    const size = library._xmlOutputBufferGetSize(buffer);
    const start = library._xmlOutputBufferGetContent(buffer);
    // A copy in memory of its own, that can be handed over.
    return library.HEAPU8.slice(start, start + size);
  } finally {
    library._xmlOutputBufferClose(buffer);
  }
}

function isOneElement(document: number): boolean {
  let elements = 0;
  let node = library.getValue(document + NODE.childAt, "*");
  while (node !== 0) {
    const kind = library.getValue(node + NODE.kindAt, "i32");
    if (kind === NODE.text) return false;
    if (kind === NODE.element) elements += 1;
    node = library.getValue(node + NODE.nextAt, "*");
  }
  return elements === 1;
}

async function answer(job: XsltJob): Promise<XsltAnswer> {
  messages = "";
  try {
    const result = await transform(job);
    return { id: job.id, ...result, messages, heapBytes: library.HEAPU8.length, broken: false };
  } catch (error) {
    // What WebAssembly itself throws leaves its heap in an unknown state.
    const broken =
      error instanceof RangeError ||
      error instanceof WebAssembly.RuntimeError ||
      error instanceof TypeError;
    const reason = error instanceof Error ? error.message : String(error);
    const isSourceFaulty = error instanceof FaultySource;
    const heapBytes = library.HEAPU8.length;
    return { id: job.id, error: reason, isSourceFaulty, messages, heapBytes, broken };
  }
}

async function carryOut({ jobs, forget }: XsltOrder): Promise<void> {
  if (forget) forgetStylesheets();
  let answers: XsltAnswer[] = [];
  let heldSince = performance.now();
  for (const [index, job] of jobs.entries()) {
    answers.push(await answer(job));
    const isLate = performance.now() - heldSince > ANSWERS_HELD_MS;
    if (!isLate && index < jobs.length - 1) continue;
    send(answers);
    answers = [];
    heldSince = performance.now();
  }
}

function send(answers: readonly XsltAnswer[]): void {
  const buffers = answers.flatMap(({ bytes }) => (bytes ? [bytes.buffer as ArrayBuffer] : []));
  parentPort?.postMessage(answers, buffers);
}

let last: Promise<void> = Promise.resolve();
parentPort?.on("message", (order: XsltOrder) => {
  last = last.then(() => carryOut(order));
});
