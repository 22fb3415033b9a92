/**
 * The units of a deployment put together: the registry of a generation, and what can only be said of all of them at once (names that
 * are taken, templates in use, scripts by key). Made anew for each compilation; it takes of a unit what is there.
 */
import { ConfigProblems } from "../errors/config-error.ts";
import { ArtifactClaims } from "./artifact-claims.ts";
import type { ArtifactUnit } from "./artifact-unit.ts";
import type { ScriptChecks } from "./script/script-check.ts";
import { type NewerStylesheet, warnAboutStylesheets } from "./transform/stylesheet-check.ts";
import type { TemplateUse } from "./xml/read/endpoint-ledger.ts";
import { checkTemplateUses } from "./xml/read/endpoint-template.ts";
import type { ScriptUse } from "./xml/read/read-context.ts";

export class LinkedUnits {
  readonly claims = new ArtifactClaims();
  readonly #problems = new ConfigProblems();
  readonly #templateUses: TemplateUse[] = [];
  readonly #scriptUses: ScriptUse[] = [];
  readonly #stylesheets: NewerStylesheet[] = [];

  /** @param problems what is wrong before any unit is looked at. */
  constructor(problems: ConfigProblems) {
    this.#problems.addAll(problems);
  }

  /** Adds the next unit, in the order of paths. */
  add(unit: ArtifactUnit): void {
    this.#problems.addAll(unit.problems);
    if (unit.resource) this.claims.addResource(unit.resource, unit.file, this.#problems);
    for (const definition of unit.definitions) this.claims.add(definition, this.#problems);
    for (const use of unit.templateUses) this.#templateUses.push(use);
    for (const use of unit.scriptUses) this.#scriptUses.push(use);
    for (const stylesheet of unit.newerStylesheets) this.#stylesheets.push(stylesheet);
  }

  /** Everything that is wrong, once all units are there. */
  checked(scripts: ScriptChecks): ConfigProblems {
    const { registry } = this.claims;
    checkTemplateUses(this.#templateUses, registry.endpointTemplates, this.#problems);
    scripts.check(this.#scriptUses, (key) => registry.resource(key), this.#problems);
    warnAboutStylesheets(this.#stylesheets, this.#problems);
    return this.#problems;
  }
}
