/**
 * Turns one value of a configuration file into a number, a host, a path, a secret. A wrong value becomes
 * an error that names file, line and what was expected, and reads as undefined, so that the rest of the
 * file is still looked at. The readers of the five files and their tables are built on it.
 */
import { readFileSync, statSync } from "node:fs";
import { isIPv6 } from "node:net";
import { resolve } from "node:path";
import { systemCodeOf } from "../errors/app-error.ts";
import type { ConfigProblems, SourcePlace } from "../errors/config-error.ts";
import {
  type PlaceholderLookup,
  type PlaceholderSources,
  placeholderLookup,
  replacePlaceholders,
} from "./placeholders.ts";

/** A value as it stands in a file, trimmed and not empty, placeholders replaced. */
export interface Setting {
  readonly text: string;
  readonly place: SourcePlace;
}

/** A whole number with its bounds and the word for it in errors, for example "a port number". */
export interface NumberRange {
  readonly what: string;
  readonly min: number;
  readonly max: number;
}

/** Largest file that `file:PATH` may name, in bytes: a secret is a line, not a document. */
const SECRET_BYTES_MAX = 4096;
/** Permissions of group and others. */
const SHARED_MODE = 0o077;
/** WSO2's way to name a variable of the environment. */
const ENV_FORM = /^\$env\{([^{}]+)\}$/;
const HOST_NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/;
const PORT: NumberRange = { what: "a port number", min: 0, max: 65_535 };

export class SettingReader {
  readonly home: string;
  readonly problems: ConfigProblems;
  readonly lookup: PlaceholderLookup;
  readonly #environment: PlaceholderSources["environment"];

  constructor(sources: PlaceholderSources, problems: ConfigProblems) {
    this.home = sources.home;
    this.problems = problems;
    this.lookup = placeholderLookup(sources);
    this.#environment = sources.environment;
  }

  /** Replaces placeholders; undefined when nothing is left or (with an error) a name is unknown. */
  setting(
    raw: string,
    place: SourcePlace,
    lookup: PlaceholderLookup = this.lookup,
  ): Setting | undefined {
    const { text, unknown } = replacePlaceholders(raw.trim(), lookup);
    for (const name of unknown)
      this.problems.error(
        place,
        `\${${name}} is not known: give -D${name}=VALUE or set the environment variable ${name}`,
      );
    return text === "" || unknown.length > 0 ? undefined : { text, place };
  }

  integer(setting: Setting, range: NumberRange): number | undefined {
    const value = /^[0-9]{1,10}$/.test(setting.text) ? Number(setting.text) : Number.NaN;
    if (value >= range.min && value <= range.max) return value;
    this.#wrong(setting, `is not ${range.what}: expected ${range.min} to ${range.max}`);
    return undefined;
  }

  /** A port with the offset applied; 0 (the system chooses one) stays 0. */
  port(setting: Setting, offset: number): number | undefined {
    const port = this.integer(setting, PORT);
    if (port === undefined || port === 0) return port;
    if (port + offset <= PORT.max) return port + offset;
    this.#wrong(
      setting,
      `with the port offset ${offset} is not a port number: expected at most 65535`,
    );
    return undefined;
  }

  boolean(setting: Setting): boolean | undefined {
    const word = setting.text.toLowerCase();
    if (word === "true" || word === "false") return word === "true";
    this.#wrong(setting, 'is neither "true" nor "false"');
    return undefined;
  }

  /** One of the words, whatever the case. */
  word<Word extends string>(setting: Setting, words: readonly Word[]): Word | undefined {
    const found = words.find((word) => word.toLowerCase() === setting.text.toLowerCase());
    if (found === undefined)
      this.#wrong(
        setting,
        `is not known: expected ${words.map((word) => `"${word}"`).join(" or ")}`,
      );
    return found;
  }

  /** A host name or an IP address, without scheme and port. */
  host(setting: Setting): string | undefined {
    const { text } = setting;
    if (text.length <= 253 && (HOST_NAME.test(text) || isIPv6(text))) return text;
    this.#wrong(setting, "is not a host name or IP address");
    return undefined;
  }

  /** An absolute path; relative ones start at the home folder. */
  path(setting: Setting): string {
    return resolve(this.home, setting.text);
  }

  /**
   * A secret: `env:NAME` (also `$env{NAME}`) names an environment variable, `file:PATH` a file whose only line it is,
   * which should be its owner's alone (a warning otherwise); anything else is the secret itself. Errors never show it.
   */
  secret(setting: Setting): string | undefined {
    const { text, place } = setting;
    const [, variable] = ENV_FORM.exec(text) ?? [];
    if (variable !== undefined) return this.#environmentSecret(variable, place);
    if (text.startsWith("env:")) return this.#environmentSecret(text.slice("env:".length), place);
    if (setting.text.startsWith("file:")) return this.#fileSecret(setting);
    return setting.text;
  }

  #environmentSecret(name: string, place: SourcePlace): string | undefined {
    const value = Object.hasOwn(this.#environment, name) ? this.#environment[name] : undefined;
    if (value !== undefined && value !== "") return value;
    this.problems.error(place, `the environment variable ${name} is not set`);
    return undefined;
  }

  #fileSecret(setting: Setting): string | undefined {
    const file = resolve(this.home, setting.text.slice("file:".length));
    const secret = this.#readSecretFile(file, setting.place);
    if (secret === "") this.problems.error(setting.place, `the secret file ${file} is empty`);
    return secret === "" ? undefined : secret;
  }

  #readSecretFile(file: string, place: SourcePlace): string | undefined {
    try {
      const { size, mode } = statSync(file);
      if ((mode & SHARED_MODE) !== 0)
        this.problems.warning(
          place,
          `others than its owner may use the secret file ${file}: \`chmod 600 ${file}\``,
        );
      if (size <= SECRET_BYTES_MAX) return readFileSync(file, "utf8").trim();
      this.problems.error(
        place,
        `the secret file ${file} is larger than ${SECRET_BYTES_MAX} bytes`,
      );
    } catch (error) {
      const reason = systemCodeOf(error) ?? "unreadable";
      this.problems.error(place, `the secret file ${file} cannot be read (${reason})`);
    }
    return undefined;
  }

  #wrong(setting: Setting, complaint: string): void {
    this.problems.error(setting.place, `"${setting.text}" ${complaint}`);
  }
}
