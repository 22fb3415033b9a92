/**
 * Files under `root` and `alias` (ngx_http_static_module, RFC 9110 13 and 14): conditional requests and ranges
 * are decided in file-preconditions.ts and byte-ranges.ts; this file opens and sends.
 */
import { randomBytes } from "node:crypto";
import type { Stats } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { Readable } from "node:stream";
import { messageOf, systemCodeOf } from "../../../errors/app-error.ts";
import { describeSystemError } from "../../nginx/system-error.ts";
import { type ByteRange, readRanges } from "../byte-ranges.ts";
import { evaluatePreconditions, fileTag, rangeApplies } from "../file-preconditions.ts";
import { fieldValue, type HeaderField } from "../header-fields.ts";
import { climbs } from "../mapped-path.ts";
import type { Outcome } from "../phase.ts";
import type { RequestContext } from "../request-context.ts";
import { escapePath } from "../request-target.ts";
import { respond, respondError, respondRedirect } from "../responses.ts";
import { reasonOf } from "../status-reasons.ts";

export const staticEntry = { name: "static", run: serve };

function serve(context: RequestContext): Outcome | Promise<Outcome> {
  if (!["GET", "HEAD", "POST"].includes(context.method)) return fail(context, 405);
  return context.target.path.endsWith("/") ? "next" : serveFile(context);
}

async function fail(context: RequestContext, status: number): Promise<Outcome> {
  await respondError(context, status);
  return "done";
}

async function serveFile(context: RequestContext): Promise<Outcome> {
  const { path: uri } = context.target;
  const path = context.filePath();
  // Decoded and normalised targets hold no ".."; a rewrite or an alias without "/" could make one.
  if (climbs(path) || path.includes("\0")) {
    context.logError("error", `"${path}" leads out of its folder`);
    return fail(context, 403);
  }
  let file: FileHandle;
  try {
    file = await open(path);
  } catch (error) {
    return fail(context, statusOfOpenFailure(context, path, error));
  }
  let isSent = false;
  try {
    const stats = await file.stat();
    if (stats.isDirectory()) {
      const query = context.target.query === "" ? "" : `?${context.target.query}`;
      await respondRedirect(context, 301, `${escapePath(uri)}/${query}`);
    } else if (!stats.isFile()) {
      context.logError("crit", `"${path}" is not a regular file`);
      await respondError(context, 404);
    } else if (context.method === "POST") await respondError(context, 405);
    else {
      isSent = true;
      await send(context, file, stats);
    }
  } finally {
    if (!isSent) await file.close();
  }
  return "done";
}

function statusOfOpenFailure(context: RequestContext, path: string, error: unknown): number {
  const code = systemCodeOf(error);
  const isMissing = code === "ENOENT" || code === "ENOTDIR" || code === "ENAMETOOLONG";
  if (!isMissing || context.location.settings.core.logNotFound) {
    const reason = code === undefined ? messageOf(error) : describeSystemError(error);
    context.logError(
      isMissing || code === "EACCES" ? "error" : "crit",
      `open() "${path}" failed (${reason})`,
    );
  }
  if (isMissing) return 404;
  return code === "EACCES" ? 403 : 500;
}

/** Closes the file in the end. */
async function send(context: RequestContext, file: FileHandle, stats: Stats): Promise<void> {
  const { core } = context.location.settings;
  const tag = core.etag ? fileTag(stats) : undefined;
  const modified = new Date(Math.floor(stats.mtimeMs / 1000) * 1000).toUTCString();
  const validators: HeaderField[] = [["Last-Modified", modified]];
  if (tag !== undefined) validators.push(["ETag", tag]);
  const request = context.exchange.head.fields;
  const facts = { modified, tag, ifModifiedSince: core.ifModifiedSince };
  const refusal = context.errorStatus === 0 ? evaluatePreconditions(request, facts) : undefined;
  if (refusal !== undefined) {
    await file.close();
    if (refusal === 412) return respondError(context, 412);
    const head = { status: 304, reason: reasonOf(304), fields: validators };
    return respond(context, head, undefined);
  }
  const type = context.contentTypeOf(context.target.path);
  const wanted = context.errorStatus === 0 && rangeApplies(request, facts);
  const ranges = wanted
    ? readRanges(fieldValue(request, "range"), stats.size, core.maxRanges)
    : undefined;
  const whole = [...validators, ["Accept-Ranges", "bytes"] as const];
  if (ranges === "unsatisfiable") {
    await file.close();
    context.extraFields.set("Content-Range", `bytes */${stats.size}`);
    return respondError(context, 416);
  }
  await sendParts(context, { file, type, size: stats.size, ranges, fields: whole });
}

interface Parts {
  readonly file: FileHandle;
  readonly type: string;
  readonly size: number;
  /** Undefined: the whole file. */
  readonly ranges: readonly ByteRange[] | undefined;
  readonly fields: readonly HeaderField[];
}

async function sendParts(context: RequestContext, parts: Parts): Promise<void> {
  const { file, type, size, ranges, fields } = parts;
  const [first, ...others] = ranges ?? [{ start: 0, end: size - 1 }];
  const status = ranges ? 206 : 200;
  if (!first || (size === 0 && !ranges)) {
    await file.close();
    const empty = [...fields, ["Content-Type", type] as const, ["Content-Length", "0"] as const];
    return respond(context, { status, reason: reasonOf(status), fields: empty }, Buffer.alloc(0));
  }
  const isMultipart = others.length > 0;
  const boundary = isMultipart ? randomBytes(10).toString("hex") : "";
  const heads = (isMultipart ? (ranges ?? []) : []).map((range) =>
    partHead(boundary, type, range, size),
  );
  const end = isMultipart ? `\r\n--${boundary}--\r\n` : "";
  const all = ranges ?? [first];
  const dataLength = all.reduce((sum, range) => sum + range.end - range.start + 1, 0);
  const length = heads.reduce((sum, head) => sum + head.length, dataLength + end.length);
  const head: HeaderField[] = [
    ...fields,
    ["Content-Type", isMultipart ? `multipart/byteranges; boundary=${boundary}` : type],
    ["Content-Length", String(length)],
  ];
  if (ranges && !isMultipart) head.push(["Content-Range", contentRange(first, size)]);
  const response = { status, reason: reasonOf(status), fields: head };
  if (context.exchange.head.method === "HEAD") {
    await file.close();
    return respond(context, response, undefined);
  }
  const body = isMultipart
    ? Readable.from(multipart(file, all, heads, end))
    : file.createReadStream({ ...first });
  await respond(context, response, body);
  body.destroy();
}

function contentRange({ start, end }: ByteRange, size: number): string {
  return `bytes ${start}-${end}/${size}`;
}

function partHead(boundary: string, type: string, range: ByteRange, size: number): string {
  return `\r\n--${boundary}\r\nContent-Type: ${type}\r\nContent-Range: ${contentRange(range, size)}\r\n\r\n`;
}

async function* multipart(
  file: FileHandle,
  ranges: readonly ByteRange[],
  heads: readonly string[],
  end: string,
): AsyncGenerator<Buffer> {
  try {
    for (const [at, range] of ranges.entries()) {
      yield Buffer.from(heads[at] ?? "", "latin1");
      const stream = file.createReadStream({ ...range, autoClose: false });
      for await (const chunk of stream) yield chunk as Buffer;
    }
    yield Buffer.from(end, "latin1");
  } finally {
    await file.close();
  }
}
