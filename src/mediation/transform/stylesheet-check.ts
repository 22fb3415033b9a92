/**
 * Says at deploy time which stylesheets need XSLT 2.0 while saxon-js is not installed. A warning, since a stylesheet
 * that nothing uses does no harm; a message that meets it ends in its fault sequence with the same sentence.
 */
import type { ConfigProblems, SourcePlace } from "../../errors/config-error.ts";
import type { LocalEntry } from "../message/local-entry.ts";
import { hasSaxon, saxonMissing } from "./saxon.ts";
import { newerInstruction } from "./stylesheet.ts";

/** A stylesheet that needs XSLT 2.0 or later. */
export interface NewerStylesheet {
  readonly key: string;
  readonly place: SourcePlace;
  /** The first instruction that XSLT 1.0 does not have. */
  readonly instruction: string;
}

/** Looks at a local entry or registry resource; undefined: no XML, or nothing that XSLT 1.0 could not run. */
export function newerStylesheet(entry: LocalEntry | undefined): NewerStylesheet | undefined {
  if (!entry?.element) return undefined;
  const instruction = newerInstruction(entry.text);
  if (instruction === undefined) return undefined;
  return { key: entry.key, place: entry.element.place, instruction };
}

export function warnAboutStylesheets(
  stylesheets: readonly NewerStylesheet[],
  problems: ConfigProblems,
): void {
  if (stylesheets.length === 0 || hasSaxon()) return;
  for (const { key, place, instruction } of stylesheets)
    problems.warning(place, saxonMissing(key, instruction));
}
