/**
 * Says at deploy time which stylesheets need XSLT 2.0 while saxon-js is not installed. A warning, since a stylesheet
 * that nothing uses does no harm; a message that meets it ends in its fault sequence with the same sentence.
 */
import type { ConfigProblems } from "../../errors/config-error.ts";
import type { ArtifactRegistry } from "../artifact-registry.ts";
import { hasSaxon, saxonMissing } from "./saxon.ts";
import { newerInstruction } from "./stylesheet.ts";

/** Looks at all local entries and registry resources that are XML. */
export function warnAboutStylesheets(registry: ArtifactRegistry, problems: ConfigProblems): void {
  for (const { key, text, element } of [
    ...registry.localEntries.values(),
    ...registry.resources.values(),
  ]) {
    const instruction = element && newerInstruction(text);
    if (instruction !== undefined && element && !hasSaxon())
      problems.warning(element.place, saxonMissing(key, instruction));
  }
}
