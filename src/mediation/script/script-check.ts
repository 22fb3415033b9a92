/** Scripts that artifacts refer to by key are read when the deployment is checked: a faulty one refuses it. */
import type { ArtifactRegistry } from "../artifact-registry.ts";
import type { ReadContext } from "../xml/read/read-context.ts";
import { checkedScript, scriptTextOf } from "./script-program.ts";
import { ScriptSyntaxError } from "./script-scanner.ts";

/** Reports the first fault of each script that is there; one that is missing is a fault of the message, as in Synapse. */
export function checkScripts(context: ReadContext, registry: ArtifactRegistry): void {
  const checked = new Set<string>();
  for (const { element, key } of context.scriptUses) {
    const script = checked.has(key) ? undefined : registry.resource(key);
    checked.add(key);
    if (!script) continue;
    try {
      checkedScript(scriptTextOf(script));
    } catch (error) {
      if (!(error instanceof ScriptSyntaxError)) throw error;
      context.error(
        element,
        `The script ${key} cannot be read: ${error.message} on its line ${error.line}`,
      );
    }
  }
}
