/**
 * The file `.bascule/allowed_signers` of the deployment repository: whose signatures on pushed commits count. Lines as in
 * ALLOWED SIGNERS of ssh-keygen(1): `PRINCIPALS [OPTIONS] KIND BASE64 [comment]`. `namespaces` is honoured;
 * certificate authorities and validity times are refused, for clocks are not compared here.
 */
import { messageOf } from "../../errors/app-error.ts";
import { type SshPublicKey, formatPublicKey, readPublicKeyLine } from "./ssh-public-key.ts";

/** Where the file lies in every revision. */
export const ALLOWED_SIGNERS_PATH = ".bascule/allowed_signers";
/** What only commits that a manager has signed may change. */
export const PROTECTED_FOLDER = ".bascule";

/** Signers of one repository, and bytes of their file. */
export const SIGNERS_MAX = 1000;
export const SIGNERS_BYTES_MAX = 1024 * 1024;

export interface AllowedSigner {
  /** Names or e-mail addresses, separated by commas. */
  readonly name: string;
  readonly key: SshPublicKey;
}

export interface SignerProblem {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

export interface AllowedSigners {
  readonly signers: readonly AllowedSigner[];
  /** Lines that were passed over, each with a sentence. */
  readonly problems: readonly SignerProblem[];
}

/** The kind of a key: with it the key begins, and options end. */
const KIND = /^(?:sk-)?(?:ssh|ecdsa)-/;
const OPTION_NAME = /^[A-Za-z-]{1,100}$/;
/** Characters of a line that a message repeats. */
const SHOWN_MAX = 200;
const NAME = /^[^\s",#()<>\\]{1,200}$/;

/** Reads the file; a line at fault takes no other with it. */
export function readAllowedSigners(text: string): AllowedSigners {
  const signers: AllowedSigner[] = [];
  const problems: SignerProblem[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    try {
      if (signers.length >= SIGNERS_MAX) throw new Error(`at most ${SIGNERS_MAX} signers are read`);
      signers.push(readSigner(line));
    } catch (error) {
      problems.push({ line: index + 1, message: messageOf(error) });
    }
  }
  return { signers, problems };
}

/** One line for a signer, for git only. @throws Error when the name cannot stand in the file. */
export function formatAllowedSigner({ name, key }: AllowedSigner): string {
  if (!NAME.test(name)) {
    throw new Error(
      `${JSON.stringify(name.slice(0, 80))} is no name for a signer: no spaces, quotes, commas or brackets`,
    );
  }
  return `${name} namespaces="git" ${formatPublicKey(key)}\n`;
}

function readSigner(line: string): AllowedSigner {
  const [principals, rest] = cutAtSpace(line);
  const [options, key] = KIND.test(rest) ? ["", rest] : cutAtSpace(rest);
  if (principals === "" || !KIND.test(key) || !/[ \t]/.test(key))
    throw new Error("it is no line of the form NAME [OPTIONS] KIND BASE64");
  checkOptions(options);
  return { name: principals.replaceAll('"', ""), key: readPublicKeyLine(key) };
}

function checkOptions(options: string): void {
  if (options === "") return;
  for (const option of partsOf(options, ",")) {
    const at = option.indexOf("=");
    const name = at < 0 ? option : option.slice(0, at);
    if (!OPTION_NAME.test(name))
      throw new Error(`its options ${JSON.stringify(shown(options))} cannot be read`);
    checkOption(name.toLowerCase(), at < 0 ? "" : option.slice(at + 1).replaceAll('"', ""));
  }
}

/** What stands before the first space outside of quotes, and what comes behind it. One pass, whatever the line holds. */
function cutAtSpace(line: string): readonly [first: string, rest: string] {
  let isQuoted = false;
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at];
    if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (character === " " || character === "\t"))
      return [line.slice(0, at), line.slice(at).trimStart()];
  }
  return [line, ""];
}

/** Parts between separators that stand outside of quotes. */
function partsOf(text: string, separator: string): readonly string[] {
  const parts: string[] = [];
  let begin = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '"') isQuoted = !isQuoted;
    if (text[at] !== separator || isQuoted) continue;
    parts.push(text.slice(begin, at));
    begin = at + 1;
  }
  return [...parts, text.slice(begin)];
}

function shown(text: string): string {
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX)}...`;
}

function checkOption(key: string, value: string): void {
  switch (key) {
    case "namespaces":
      if (value.split(",").some((one) => one === "git" || one === "*")) return;
      throw new Error(`its key is for ${shown(value)}, not for git`);
    case "cert-authority":
      throw new Error("certificate authorities are not taken: name each person's own key");
    case "valid-after":
    case "valid-before":
      throw new Error(
        `${key} is not taken, for clocks are not compared: remove the signer when its time is over`,
      );
    default:
      throw new Error(`the option ${key} is not known`);
  }
}
