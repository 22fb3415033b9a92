/** Runs one tool as a child process, with its output shown as it comes or kept until it fails. */
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Each file of tests is a process that loads much of the program: what Node has compiled of it is kept for the next. */
const COMPILED = join(ROOT, "node_modules", ".cache", "tests");

export interface StepResult {
  readonly name: string;
  readonly status: number;
  readonly output: string;
  readonly seconds: number;
}

/** @param show print the output as it comes, beside returning it. */
export function runStep(
  name: string,
  command: readonly string[],
  show: boolean,
): Promise<StepResult> {
  const started = performance.now();
  const [executable = "", ...args] = command;
  const env = { ...process.env, NODE_COMPILE_CACHE: COMPILED };
  const child = spawn(executable, args, { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (show) process.stdout.write(text);
    });
  }
  const { promise, resolve } = Promise.withResolvers<StepResult>();
  const finish = (status: number): void =>
    resolve({ name, status, output, seconds: (performance.now() - started) / 1000 });
  child.once("error", (error) => {
    output += String(error);
    finish(1);
  });
  child.once("close", (code) => finish(code ?? 1));
  return promise;
}

/** The path of a tool that npm installed. */
export function tool(name: string): string {
  return join(ROOT, "node_modules", ".bin", name);
}

/** The checks that read the whole tree: name and command. Prettier remembers what it has seen, by content. */
export const TREE_CHECKS: readonly (readonly [name: string, command: readonly string[]])[] = [
  [
    "format",
    [
      process.execPath,
      tool("prettier"),
      "--check",
      "--log-level=warn",
      "--cache",
      "--cache-strategy=content",
      ".",
    ],
  ],
  ["lint", [tool("oxlint"), "--type-aware"]],
  ["types", [tool("tsc"), "-p", "."]],
];

/** Node's own test runner over the files of a pattern. */
export function testCommand(pattern: string, options: readonly string[] = []): readonly string[] {
  return [process.execPath, "--test", "--test-reporter=spec", ...options, pattern];
}
