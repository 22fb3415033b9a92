/**
 * Runs git, through simple-git, with everything fixed that could let a repository, a machine's
 * configuration or a user's text run code or wait for a terminal: no hooks, no system or user
 * configuration, no prompts, only the one protocol that is needed, bounded time and output. Callers
 * pass checked ids and fixed words as arguments; contents and user text only go over standard input.
 */
import { replaceControlCharacters } from "../runtime/control-characters.ts";
import { type SimpleGit, type SimpleGitOptions, simpleGit } from "simple-git";
import { AppError, messageOf } from "../errors/app-error.ts";
import { GitWatchdog } from "./git-watchdog.ts";
import { diskAdvice } from "./unwritable-disk.ts";

/** The programs that git starts outlive it when it is ended; these make them end as well (bytes/s, seconds). */
const LOW_SPEED_BYTES = "1";
const LOW_SPEED_SECONDS = "20";

/** Variables of the own environment that git may see: where programs, keys and proxies are. */
const PASSED_ENVIRONMENT = [
  "PATH",
  "HOME",
  "TMPDIR",
  "SSH_AUTH_SOCK",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "http_proxy",
  "https_proxy",
  "HTTPS_PROXY",
  "no_proxy",
  "NO_PROXY",
];

const NOTHING = Buffer.alloc(0);

export type ConfigPair = readonly [key: string, value: string];

/** What holds for every command, beside what a call adds. */
const FIXED_CONFIG: readonly ConfigPair[] = [
  ["core.hooksPath", "/dev/null"],
  ["transfer.fsckObjects", "true"],
  // Upkeep happens when the owner of the repository says so, never behind a fetch or a commit.
  ["gc.auto", "0"],
  ["gc.autoDetach", "false"],
  ["maintenance.auto", "false"],
  ["fetch.writeCommitGraph", "false"],
  // Few objects stay loose, where this process reads them itself; many come as the pack in which they travel.
  ["fetch.unpackLimit", "100"],
  ["transfer.unpackLimit", "100"],
  // A machine that loses its power keeps what a command has answered for.
  ["core.fsync", "committed,loose-object,reference"],
  ["core.fsyncMethod", "fsync"],
  ["http.followRedirects", "false"],
  ["http.lowSpeedLimit", LOW_SPEED_BYTES],
  ["http.lowSpeedTime", LOW_SPEED_SECONDS],
];

/** What git says while it works, without meaning for a failure. */
const PROGRESS = /^(remote: )?[A-Z][a-z]+ing [a-z]+: +(\d+|\d+% \(.*)|^remote: Total \d+/;

export interface GitCall {
  /** The repository; undefined: the command needs none. */
  readonly gitDir?: string;
  readonly args: readonly string[];
  /** Standard input; never empty. */
  readonly input?: Buffer;
  /** Added to the fixed configuration through the environment: may hold secrets. */
  readonly config?: readonly ConfigPair[];
  /** The one transport that the command may use. Default: none. */
  readonly protocol?: string;
  /** Texts that must not appear in an error's message. */
  readonly secrets?: readonly string[];
}

/** Runs git and returns its output as text. @throws AppError DEPLOYMENT_REPOSITORY with git's own words. */
export function runGit(call: GitCall): Promise<string> {
  return execute(call, (git) => git.raw([...call.args]));
}

/** Runs `git cat-file` with the arguments and returns its output as bytes. @throws as `runGit`. */
export function runCatFile(call: GitCall): Promise<Buffer> {
  return execute(call, async (git) => {
    const output: unknown = await git.binaryCatFile([...call.args]);
    if (!Buffer.isBuffer(output)) throw new Error("git cat-file gave no bytes");
    return output;
  });
}

async function execute<Output>(
  call: GitCall,
  run: (git: SimpleGit) => PromiseLike<Output>,
): Promise<Output> {
  const watchdog = new GitWatchdog();
  const environment = environmentOf(call);
  try {
    // Inside: simple-git throws at once where the folder is gone.
    const git = simpleGit({ ...optionsOf(call, environment), abort: watchdog.signal })
      .env(environment)
      .outputHandler((_command, stdout, stderr) => {
        stdout.on("data", (chunk: Buffer) => watchdog.heard(chunk));
        stderr.on("data", (chunk: Buffer) => watchdog.heard(chunk));
        // simple-git waits 50 ms longer for a command that has said nothing, as all do that only move refs.
        stdout.once("end", () => stdout.emit("data", NOTHING));
      });
    return await Promise.race([run(git), watchdog.bitten]);
  } catch (error) {
    throw gitError(call, error);
  } finally {
    watchdog.rest();
  }
}

function optionsOf(
  call: GitCall,
  environment: Readonly<Record<string, string>>,
): Partial<SimpleGitOptions> {
  return {
    // Without a repository git must not find one above the current folder.
    baseDir: call.gitDir ?? "/",
    allowEnvironment: Object.keys(environment).filter((name) => name.startsWith("GIT_")),
    // These let the fixed values above through; no argument of ours uses the options that they also cover.
    unsafe: {
      allowUnsafeConfigPaths: true,
      allowUnsafeConfigEnvCount: true,
      allowUnsafeHooksPath: true,
      allowUnsafeSshCommand: true,
      allowUnsafeTemplateDir: true,
    },
    // All output counts, also what is read after the process has ended.
    completion: { onClose: true, onExit: false },
    errors: (error, { exitCode, stdErr, stdOut }) =>
      error ?? (exitCode === 0 ? undefined : Buffer.concat([...stdErr, ...stdOut.slice(0, 1)])),
    ...(call.input && { input: () => call.input }),
  };
}

/** What a git process may see: `gitDir`, `config` and `protocol` of the call count. */
export function environmentOf(
  call: Pick<GitCall, "gitDir" | "config" | "protocol">,
): Readonly<Record<string, string>> {
  const environment: Record<string, string> = {
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
    // An object is what its id says, whatever refs/replace claims.
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_ALLOW_PROTOCOL: call.protocol ?? "none",
    GIT_SSH_COMMAND: "ssh -o BatchMode=yes -o ConnectTimeout=15",
    ...(call.gitDir !== undefined && { GIT_DIR: call.gitDir }),
  };
  for (const name of PASSED_ENVIRONMENT) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  const config = [...FIXED_CONFIG, ...(call.config ?? [])];
  environment["GIT_CONFIG_COUNT"] = String(config.length);
  for (const [index, [key, value]] of config.entries()) {
    environment[`GIT_CONFIG_KEY_${index}`] = key;
    environment[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return environment;
}

function gitError(call: GitCall, error: unknown): AppError {
  let text = messageOf(error);
  for (const secret of call.secrets ?? []) text = text.replaceAll(secret, "***");
  // git says the same of a damaged file again and again; the reason that it gives last must not be cut off.
  const lines = text.split(/[\r\n]+/).filter((one) => !PROGRESS.test(one));
  const distinct = [...new Set(lines)].join("\n");
  const line = replaceControlCharacters(distinct, " ").trim();
  return new AppError(
    "DEPLOYMENT_REPOSITORY",
    `git ${call.args[0] ?? ""} failed${call.gitDir === undefined ? "" : ` in ${call.gitDir}`}: ${line.slice(0, 600)}${call.gitDir === undefined ? "" : diskAdvice(line)}`,
    { side: "peer", retryable: true },
  );
}
