/** Scripts that artifacts refer to by key are read when the deployment is checked: a faulty one refuses it. */
import type { ConfigProblems } from "../../errors/config-error.ts";
import type { LocalEntry } from "../message/local-entry.ts";
import type { ScriptUse } from "../xml/read/read-context.ts";
import { checkedScript, scriptTextOf } from "./script-program.ts";
import { ScriptSyntaxError } from "./script-scanner.ts";

export class ScriptChecks {
  /** What is wrong with a script, "" where nothing is. */
  readonly #verdicts = new WeakMap<LocalEntry, string>();

  /** Reports the first fault of each script that is there; one that is missing is a fault of the message, as in Synapse. */
  check(
    uses: readonly ScriptUse[],
    resource: (key: string) => LocalEntry | undefined,
    problems: ConfigProblems,
  ): void {
    const checked = new Set<string>();
    for (const { element, key } of uses) {
      const script = checked.has(key) ? undefined : resource(key);
      checked.add(key);
      const verdict = script ? this.#verdictOn(script) : "";
      if (verdict !== "")
        problems.error(element.place, `The script ${key} cannot be read: ${verdict}`);
    }
  }

  #verdictOn(script: LocalEntry): string {
    const verdict = this.#verdicts.get(script) ?? faultOf(script);
    this.#verdicts.set(script, verdict);
    return verdict;
  }
}

function faultOf(script: LocalEntry): string {
  try {
    checkedScript(scriptTextOf(script));
    return "";
  } catch (error) {
    if (!(error instanceof ScriptSyntaxError)) throw error;
    return `${error.message} on its line ${error.line}`;
  }
}
