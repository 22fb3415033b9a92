/** `bascule signers list | add | remove`: the SSH keys whose commits on `main` are deployed when people push them. */
import { readFileSync } from "node:fs";
import { text as readAll } from "node:stream/consumers";
import { AppError, messageOf } from "../errors/app-error.ts";
import type { Command } from "./command.ts";
import { reportDeployment } from "./deployment-report.ts";
import { MANAGER_USAGE, readManagerArguments } from "./manager-arguments.ts";
import {
  askManager,
  errorOf,
  type ManagerAccess,
  type ManagerAnswer,
  type ManagerRequest,
} from "./manager-client.ts";

const PATH = "/management/signers";
/** A line of a .pub file is far shorter; a whole key ring is not meant. */
const KEY_BYTES_MAX = 16_384;

export const signersCommand: Command = {
  usage: `Usage: bascule signers list [options]
       bascule signers add NAME KEYFILE [options]
       bascule signers remove NAME [options]

list     whose pushed commits are deployed, with the fingerprints of their keys
add      lets commits that are signed with the key be deployed; KEYFILE is a .pub file of SSH (ed25519,
         ecdsa, or rsa of 2048 bits and more), - reads it from standard input; NAME may have several keys
remove   takes all keys of NAME away; what they have signed and is live stays

${MANAGER_USAGE}
Each change is a deploy: a commit that the manager signs, taken by all workers or by none.`,
  async run(args) {
    const { access, positionals } = await readManagerArguments(args, process.env, checkWords);
    const [verb, name = "", keyFile = ""] = positionals;
    if (verb === "list") return list(access);
    if (verb === "add") {
      const body = Buffer.from(JSON.stringify({ name, key: await readKey(keyFile) }));
      const request = {
        method: "POST",
        path: PATH,
        contentType: "application/json",
        body,
      } as const;
      return change(access, request, `Commits that ${name} signs are deployed from now on`);
    }
    const path = `${PATH}/${encodeURIComponent(name)}`;
    const request = { method: "DELETE", path } as const;
    return change(access, request, `Commits that ${name} signs are not deployed any more`);
  },
};

function checkWords([verb, ...rest]: readonly string[]): void {
  const counts: Readonly<Record<string, number>> = { list: 0, add: 2, remove: 1 };
  if (verb !== undefined && Object.hasOwn(counts, verb) && counts[verb] === rest.length) return;
  throw new AppError("USAGE", "signers knows: list, add NAME KEYFILE, and remove NAME");
}

async function readKey(file: string): Promise<string> {
  const key = file === "-" ? await readAll(process.stdin) : readFile(file);
  if (Buffer.byteLength(key) <= KEY_BYTES_MAX) return key;
  throw new AppError("USAGE", `${file} is too large for a public key: give one .pub file`);
}

function readFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new AppError("USAGE", `cannot read ${file}: ${messageOf(cause)}`, { cause });
  }
}

async function list(access: ManagerAccess): Promise<number> {
  const { body } = checked(await askManager(access, { method: "GET", path: PATH }));
  for (const { name, kind, fingerprint } of rowsOf(body, "list"))
    console.log(`${String(name).padEnd(24)} ${String(kind).padEnd(20)} ${String(fingerprint)}`);
  for (const { line, message } of rowsOf(body, "problems"))
    console.error(`line ${String(line)} of .bascule/allowed_signers: ${String(message)}`);
  return 0;
}

async function change(
  access: ManagerAccess,
  request: ManagerRequest,
  sentence: string,
): Promise<number> {
  const answer = await askManager(access, request);
  if (answer.status === 422) return reportDeployment(answer, "Deployed");
  checked(answer);
  console.log(sentence);
  return 0;
}

/** @throws AppError with the manager's sentence. */
function checked(answer: ManagerAnswer): ManagerAnswer {
  if (answer.status === 200 || answer.status === 201) return answer;
  const reason = errorOf(answer.body) ?? `the manager answers with status ${answer.status}`;
  throw new AppError("REQUEST_INVALID", reason);
}

type Row = Partial<Readonly<Record<string, unknown>>>;

function rowsOf(body: unknown, name: "list" | "problems"): readonly Row[] {
  if (typeof body !== "object" || body === null) return [];
  const rows = Object.entries(body).find(([key]) => key === name)?.[1];
  return Array.isArray(rows) ? rows : [];
}
