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

/** PRINCIPALS, then anything up to the kind of a key, then the key. */
const LINE = /^("[^"]*"|\S+)[ \t]+(?:(.*?)[ \t]+)?((?:sk-)?(?:ssh|ecdsa)-\S+[ \t]+\S+.*)$/;
const OPTION = /(?:^|,)([A-Za-z-]+)(?:=("[^"]*"|[^,]*))?(?=,|$)/g;
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
  const [, principals = "", options = "", key = ""] = LINE.exec(line) ?? [];
  if (key === "") throw new Error("it is no line of the form NAME [OPTIONS] KIND BASE64");
  checkOptions(options);
  return { name: principals.replaceAll('"', ""), key: readPublicKeyLine(key) };
}

function checkOptions(options: string): void {
  const rest = options.replaceAll(OPTION, (_all, key: string, value = "") => {
    checkOption(key.toLowerCase(), value.replaceAll('"', ""));
    return "";
  });
  if (rest.trim() !== "") throw new Error(`its options ${JSON.stringify(options)} cannot be read`);
}

function checkOption(key: string, value: string): void {
  switch (key) {
    case "namespaces":
      if (value.split(",").some((one) => one === "git" || one === "*")) return;
      throw new Error(`its key is for ${value}, not for git`);
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
