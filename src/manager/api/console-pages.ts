/**
 * Serves the console's static files at /carbon/ (WSO2's path). They are read into memory once; the login protects
 * what the pages show, not the pages themselves. `/` and `/carbon` lead to the console.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import type { FastifyRequest } from "fastify";
import type { ManagementApp } from "./management-services.ts";

/** Beside this file's folder, in src/ and dist/ alike. */
const STATIC_FOLDER = join(import.meta.dirname, "..", "console", "static");

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

interface StaticFile {
  readonly content: Buffer;
  readonly contentType: string;
  readonly etag: string;
}

/** @param locate makes the Location of a redirect to a path of this server. */
export function addConsolePages(
  app: ManagementApp,
  locate: (request: FastifyRequest, path: string) => string,
): void {
  const config = { access: "public" } as const;
  for (const path of ["/", "/carbon"])
    app.get(path, { config }, (request, reply) => reply.redirect(locate(request, "/carbon/"), 302));
  for (const [name, file] of readStaticFiles()) addFile(app, `/carbon/${name}`, file);
}

function addFile(app: ManagementApp, path: string, file: StaticFile): void {
  const config = { access: "public" } as const;
  const url = path.endsWith("/index.html") ? path.slice(0, -"index.html".length) : path;
  app.get(url, { config }, (request, reply) => {
    void reply.headers({ etag: file.etag, "cache-control": "no-cache" });
    if (request.headers["if-none-match"] === file.etag) return reply.code(304).send();
    return reply.type(file.contentType).send(file.content);
  });
}

function readStaticFiles(): ReadonlyMap<string, StaticFile> {
  const files = new Map<string, StaticFile>();
  for (const name of readdirSync(STATIC_FOLDER)) {
    const contentType = CONTENT_TYPES[extname(name)];
    if (contentType === undefined) continue;
    const content = readFileSync(join(STATIC_FOLDER, name));
    const digest = createHash("sha256").update(content).digest("base64url");
    files.set(name, { content, contentType, etag: `"${digest.slice(0, 22)}"` });
  }
  return files;
}
