/** `bascule deploy`: hands Synapse artifacts to the manager; several files go in together or not at all. */
import { readFileSync } from "node:fs";
import { AppError, messageOf } from "../errors/app-error.ts";
import type { Command } from "./command.ts";
import { reportDeployment } from "./deployment-report.ts";
import { MANAGER_USAGE, readManagerArguments } from "./manager-arguments.ts";
import { askManager, type ManagerRequest } from "./manager-client.ts";

interface ReadFile {
  readonly name: string;
  readonly content: Buffer;
}

/** What the manager takes in one request. */
const BYTES_MAX = 10 * 1024 * 1024;

export const deployCommand: Command = {
  usage: `Usage: bascule deploy FILE... [options]
Kind and name are read from each file's root element. All files go in, or none.
${MANAGER_USAGE}`,
  async run(args) {
    const { access, positionals } = await readManagerArguments(args, process.env);
    if (positionals.length === 0) throw new AppError("USAGE", "deploy needs at least one file");
    const answer = await askManager(access, requestOf(positionals.map(readOne)));
    return reportDeployment(answer, "Deployed");
  },
};

function readOne(name: string): ReadFile {
  try {
    return { name, content: readFileSync(name) };
  } catch (cause) {
    throw new AppError("USAGE", `cannot read ${name}: ${messageOf(cause)}`, { cause });
  }
}

function requestOf(files: readonly ReadFile[]): ManagerRequest {
  const [first] = files;
  const path = "/management/deployments";
  if (first && files.length === 1) {
    const query = new URLSearchParams({ file: first.name });
    const contentType = "application/xml";
    return checked({ method: "POST", path: `${path}?${query}`, contentType, body: first.content });
  }
  const body = {
    files: files.map(({ name, content }) => ({ name, content: decode(name, content) })),
  };
  const contentType = "application/json";
  return checked({ method: "POST", path, contentType, body: Buffer.from(JSON.stringify(body)) });
}

/** The byte order mark stays, so that the file is committed as it is. */
function decode(name: string, content: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    throw new AppError("ARTIFACT_FAULTY", `${name}:1: the file is not encoded in UTF-8`);
  }
}

function checked(request: ManagerRequest & { readonly body: Buffer }): ManagerRequest {
  if (request.body.length <= BYTES_MAX) return request;
  const message = `the files are larger than ${BYTES_MAX} bytes together; deploy them in parts`;
  throw new AppError("USAGE", message);
}
