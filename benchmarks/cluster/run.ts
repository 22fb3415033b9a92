/**
 * `npm run bench:cluster`: all measures of the cluster on real processes of this machine, as one table: detection of dead members, replicated
 * maps, shared sessions. Each part is a program of its own and runs alone too. Exit status 1: a promise is broken or a part has failed.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { format } from "prettier";
import { replaceFigures } from "../gateway/figures-page.ts";
import { type Figure, figureTable, isMissed } from "./figure.ts";

const USAGE = `Usage: npm run bench:cluster -- [--part NAME]... [--nodes N] [--rounds N] [--load-seconds N] [--entries N] [--write]

  --part NAME        detection, maps or sessions; several times for several (default: all)
  --nodes N          processes of the part detection (default: 20)
  --rounds N         kills and stops (default: 10)
  --load-seconds N   how long all processors are kept busy (default: 30)
  --entries N        entries of the map, and sessions (default: 1000000)
  --write            writes the table into docs/clustering.md; only of all parts`;

const PARTS = ["detection", "maps", "sessions"] as const;
const PAGE = join(import.meta.dirname, "..", "..", "docs", "clustering.md");

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      part: { type: "string", multiple: true, default: [...PARTS] },
      nodes: { type: "string", default: "20" },
      rounds: { type: "string", default: "10" },
      "load-seconds": { type: "string", default: "30" },
      entries: { type: "string", default: "1000000" },
      write: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const parts = PARTS.filter((part) => values.part.includes(part));
  if (values.help || values.part.some((name) => !PARTS.some((part) => part === name))) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  if (values.write && parts.length < PARTS.length) throw new Error("--write needs all parts");
  const sizes = {
    NODES: whole("--nodes", values.nodes, 3),
    ROUNDS: whole("--rounds", values.rounds, 1),
    LOAD_SECONDS: whole("--load-seconds", values["load-seconds"], 1),
  };
  const entries = whole("--entries", values.entries, 1);
  const figures: Figure[] = [];
  let failed = false;
  for (const part of parts) {
    console.log(`\n== ${part}`);
    const result = await runPart(part, entries, sizes);
    figures.push(...result.figures);
    failed ||= result.status !== 0;
  }
  const table = figureTable(figures);
  console.log(`\n${table}`);
  if (values.write) await write(`${headOf()}\n\n${table}`);
  return failed || figures.some(isMissed) ? 1 : 0;
}

async function runPart(
  part: (typeof PARTS)[number],
  entries: string,
  sizes: Readonly<Record<string, string>>,
) {
  const child = fork(join(import.meta.dirname, `${part}.ts`), [entries], {
    env: { ...process.env, ...sizes },
  });
  const figures: Figure[] = [];
  child.on("message", (figure: Figure) => figures.push(figure));
  const [status] = await once(child, "close");
  return { figures, status };
}

function headOf(): string {
  const processors = cpus();
  const day = new Date().toISOString().slice(0, 10);
  return `${day}, ${processors.length} processors (${processors[0]?.model ?? "unknown"}), Node.js ${process.versions.node}:`;
}

async function write(figures: string): Promise<void> {
  const page = replaceFigures(readFileSync(PAGE, "utf8"), figures, "bench:cluster");
  writeFileSync(PAGE, await format(page, { parser: "markdown", printWidth: 100 }));
  console.log(`\nwrote ${PAGE}`);
}

function whole(flag: string, text: string, min: number): string {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < min)
    throw new Error(`${flag} takes a whole number from ${min} on, not "${text}"`);
  return text;
}
