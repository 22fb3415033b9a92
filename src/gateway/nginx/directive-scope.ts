/**
 * What a directive's reader may use besides its arguments: its name and place, templates, files, warnings,
 * and the variables that its regular expressions define. One scope per statement, one `ReadingState`
 * per configuration.
 */
import { isAbsolute, resolve } from "node:path";
import type { ConfigProblems, SourcePlace } from "../../errors/config-error.ts";
import type { ConfigFiles } from "./config-files.ts";
import { isBuiltInVariable } from "../http/variables/variables.ts";
import { DirectiveFault } from "./directive-fault.ts";
import { compileRegex, groupNamesOf } from "./regex.ts";
import { describeSystemError } from "./system-error.ts";
import { Template } from "./template.ts";

/** A host name in a directive. */
export interface HostQuestion {
  readonly name: string;
  /** The directive. */
  readonly asker: string;
  readonly place: SourcePlace;
  /** Called once, before the configuration is used; with nothing when there is no such host. */
  readonly found: (addresses: readonly string[]) => void;
}

/** What grows while a configuration is read. */
export interface ReadingState {
  readonly problems: ConfigProblems;
  readonly files: ConfigFiles;
  /** Base of relative paths of logs and the pid file (`-p`). Absolute. */
  readonly prefix: string;
  /** Base of relative paths of certificates and includes: the main file's folder. Absolute. */
  readonly folder: string;
  /** Every template; bound when the whole configuration is read. */
  readonly templates: Template[];
  /** Names of the named groups of all regular expressions, in lower case. */
  readonly captureNames: Set<string>;
  /** Names of the variables that `set` defines, in lower case. */
  readonly setNames: Set<string>;
  /** Host names whose addresses are looked up when all is read. */
  readonly hosts: HostQuestion[];
}

/** Variables of the gateway's own that may be changed. */
const CHANGEABLE = new Set(["args", "limit_rate"]);

export class DirectiveScope {
  /** The directive's name. */
  readonly name: string;
  readonly place: SourcePlace;
  readonly #state: ReadingState;

  constructor(name: string, place: SourcePlace, state: ReadingState) {
    this.name = name;
    this.place = place;
    this.#state = state;
  }

  /** Text with variables. @throws DirectiveFault. */
  template(text: string): Template {
    const template = new Template(text, this.place);
    this.#state.templates.push(template);
    return template;
  }

  /** A regular expression whose named groups become variables. @throws DirectiveFault. */
  regex(pattern: string, caseless: boolean): RegExp {
    const regex = compileRegex(pattern, caseless);
    for (const name of groupNamesOf(regex)) this.#state.captureNames.add(name.toLowerCase());
    return regex;
  }

  /**
   * A variable that the configuration assigns. `name`: without "$", in any case.
   * @returns the name in lower case. @throws DirectiveFault for a variable of the gateway's own.
   */
  defineSettable(name: string): string {
    const lower = name.toLowerCase();
    if (CHANGEABLE.has(lower)) return lower;
    if (isBuiltInVariable(lower)) throw new DirectiveFault(`the duplicate "${lower}" variable`);
    this.#state.setNames.add(lower);
    return lower;
  }

  /** Asks for the addresses of a host; one that is not found is an error of the configuration. */
  lookUpHost(name: string, found: HostQuestion["found"]): void {
    this.#state.hosts.push({ name, asker: this.name, place: this.place, found });
  }

  /** The path of a log or pid file, relative to the prefix. */
  runtimePath(text: string): string {
    return isAbsolute(text) ? text : resolve(this.#state.prefix, text);
  }

  /** The path of a file of the configuration, relative to the main file's folder. */
  configPath(text: string): string {
    return isAbsolute(text) ? text : resolve(this.#state.folder, text);
  }

  /** The text of a file of the configuration. @throws DirectiveFault that starts with `failure`. */
  readConfigFile(path: string, failure: string): string {
    try {
      return this.#state.files.readText(path);
    } catch (error) {
      throw new DirectiveFault(
        `${failure} "${path}": open() failed (${describeSystemError(error)})`,
      );
    }
  }

  warn(sentence: string): void {
    this.#state.problems.warning(this.place, sentence);
  }
}
