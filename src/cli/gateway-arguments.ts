/**
 * The command line of `bascule gateway`: nginx's flags, read as nginx reads them (ngx_get_options): letters may
 * be joined (`-tq`), a value may follow its letter directly (`-cFILE`).
 */
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { AppError } from "../errors/app-error.ts";

export const SIGNAL_WORDS = ["stop", "quit", "reopen", "reload"] as const;
export type SignalWord = (typeof SIGNAL_WORDS)[number];

export interface GatewayArguments {
  readonly mode: "run" | "test" | "dump" | "version" | "build" | "signal";
  /** Present exactly when mode is "signal". */
  readonly signal: SignalWord | undefined;
  /** Absolute path of the configuration file. */
  readonly file: string;
  /** Absolute; base of log and pid files. */
  readonly prefix: string;
  /** Absolute path, or "stderr". */
  readonly errorLogFile: string | undefined;
  readonly extraDirectives: string | undefined;
  /** `-q`: nothing but errors while testing. */
  readonly quiet: boolean;
}

/** Flags with a value, and what nginx calls the value. */
const VALUES: Readonly<Record<string, string>> = {
  c: "file name",
  e: "file name",
  g: "parameter",
  p: "directory name",
  s: "signal name",
};

interface Flags {
  readonly switches: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
}

/** @throws AppError USAGE in nginx's words. */
export function parseGatewayArguments(args: readonly string[], folder: string): GatewayArguments {
  const { switches, values } = readFlags(args);
  const signal = readSignal(values.get("s"));
  const { file, prefix } = locate(values, folder);
  const errorLog = values.get("e");
  return {
    mode: modeOf(switches, signal),
    signal,
    file,
    prefix,
    errorLogFile:
      errorLog === undefined || errorLog === "stderr" ? errorLog : resolve(prefix, errorLog),
    extraDirectives: values.get("g"),
    quiet: switches.has("q"),
  };
}

function modeOf(
  switches: ReadonlySet<string>,
  signal: SignalWord | undefined,
): GatewayArguments["mode"] {
  if (switches.has("V")) return "build";
  if (switches.has("v")) return "version";
  if (switches.has("T")) return "dump";
  if (switches.has("t")) return "test";
  return signal ? "signal" : "run";
}

function readFlags(args: readonly string[]): Flags {
  const switches = new Set<string>();
  const values = new Map<string, string>();
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (!word.startsWith("-")) throw usage(`invalid option: "${word}"`);
    for (let at = 1; at < word.length; at++) {
      const letter = word.charAt(at);
      const meaning = VALUES[letter];
      if (meaning === undefined) {
        if (!"tTqvV".includes(letter)) throw usage(`invalid option: "${letter}"`);
        switches.add(letter);
        continue;
      }
      const value = word.slice(at + 1) || rest.shift();
      if (value === undefined) throw usage(`option "-${letter}" requires ${meaning}`);
      values.set(letter, value);
      break;
    }
  }
  return { switches, values };
}

function readSignal(word: string | undefined): SignalWord | undefined {
  if (word === undefined) return undefined;
  const signal = SIGNAL_WORDS.find((candidate) => candidate === word);
  if (!signal) throw usage(`invalid option: "-s ${word}"`);
  return signal;
}

/** Without -p the prefix is the folder of the file; without -c the file is PREFIX/conf/gateway.conf. */
function locate(
  values: ReadonlyMap<string, string>,
  folder: string,
): Pick<GatewayArguments, "file" | "prefix"> {
  const given = values.get("p");
  const base = given === undefined ? folder : resolve(folder, given);
  const name = values.get("c");
  if (name !== undefined) {
    const file = resolve(base, name);
    return { file, prefix: given === undefined ? dirname(file) : base };
  }
  return { file: resolve(base, "conf", "gateway.conf"), prefix: base };
}

/** @throws AppError USAGE when nobody said where the configuration is and the default is not there. */
export function checkFileGiven({ file }: GatewayArguments, args: readonly string[]): void {
  if (args.some((word) => word.startsWith("-c")) || existsSync(file)) return;
  throw usage(`there is no ${file}: name the configuration file with -c FILE, or its home with -p`);
}

function usage(sentence: string): AppError {
  return new AppError("USAGE", sentence, { side: "config" });
}
