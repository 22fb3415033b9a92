/**
 * The last deployment that a compiler has put together without a fault, kept for the next one. Where only a few files differ and nothing
 * else can depend on what is in them, their units take the places of the old ones; all the others, ten thousand perhaps,
 * are not looked at. Where that cannot be said for sure, the next deployment is put together anew.
 */
import type { ConfigProblem } from "../errors/config-error.ts";
import type { ArtifactClaims } from "./artifact-claims.ts";
import { type ArtifactUnit, isSamePart, readUnit } from "./artifact-unit.ts";
import type { ArtifactFile, ArtifactKind } from "./engine.ts";
import { isSameFile } from "./repository-files.ts";

/** What may be exchanged between two turns of the event loop: so many files, and bytes unless it is one. */
const EXCHANGE_MAX = { files: 16, bytes: 64 * 1024 };

/** Kinds whose artifacts no check of a whole deployment looks into. */
const INDEPENDENT: readonly ArtifactKind[] = ["proxy-service", "api", "sequence", "endpoint"];

interface Exchange {
  readonly index: number;
  readonly file: ArtifactFile;
  readonly unit: ArtifactUnit | undefined;
}

export interface DeploymentParts {
  /** As they were given. */
  readonly files: readonly ArtifactFile[];
  /** All units by path. */
  readonly units: Map<string, ArtifactUnit>;
  readonly claims: ArtifactClaims;
  readonly warnings: readonly ConfigProblem[];
}

export class LinkedDeployment {
  readonly claims: ArtifactClaims;
  readonly warnings: readonly ConfigProblem[];
  readonly #units: Map<string, ArtifactUnit>;
  /** Paths at which units have looked for files. */
  readonly #lookedUp: ReadonlySet<string>;
  #files: readonly ArtifactFile[];

  constructor({ files, units, claims, warnings }: DeploymentParts) {
    this.claims = claims;
    this.warnings = warnings;
    this.#units = units;
    this.#files = files;
    const lookups = [...units.values()].flatMap((unit) => unit.lookups);
    this.#lookedUp = new Set(lookups.map(({ path }) => path));
  }

  /** Becomes the deployment of these files; false: it stays as it is, and they must be put together anew. */
  becomes(files: readonly ArtifactFile[]): boolean {
    const changed = this.#changedIn(files);
    const exchanges = changed?.map((index) => this.#exchangeOf(index, files));
    if (!exchanges?.every((exchange) => exchange !== undefined)) return false;
    for (const { file, unit } of exchanges) {
      if (unit) this.#units.set(file.path, unit);
      for (const definition of unit?.definitions ?? []) this.claims.replace(definition);
    }
    this.#files = files;
    return true;
  }

  /** Where other contents stand at the same paths. Undefined: too many, or the files are others. */
  #changedIn(files: readonly ArtifactFile[]): readonly number[] | undefined {
    const before = this.#files;
    if (files.length !== before.length) return undefined;
    const changed: number[] = [];
    let bytes = 0;
    for (const [index, file] of files.entries()) {
      const known = before[index];
      if (file === known) continue;
      if (file.path !== known?.path || !isSamePart(known, file)) return undefined;
      if (isSameFile(known, file)) continue;
      changed.push(index);
      bytes += file.content.length;
      if (changed.length > EXCHANGE_MAX.files) return undefined;
    }
    return changed.length === 1 || bytes <= EXCHANGE_MAX.bytes ? changed : undefined;
  }

  #exchangeOf(index: number, files: readonly ArtifactFile[]): Exchange | undefined {
    const file = files[index];
    if (!file || file.part || this.#lookedUp.has(file.path)) return undefined;
    const known = this.#units.get(file.path);
    // No artifact, by its path.
    if (!known) return { index, file, unit: undefined };
    const unit = isIndependent(known) ? readUnit(file, NO_FILES) : undefined;
    const fits = unit && isIndependent(unit) && isSameClaim(known, unit);
    return fits ? { index, file, unit } : undefined;
  }
}

/** For units that look up nothing; those that do are read again. */
const NO_FILES: ReadonlyMap<string, ArtifactFile> = new Map();

/** Whether no other unit, and no check of the whole deployment, can depend on what is in it but for its names. */
function isIndependent(unit: ArtifactUnit): boolean {
  const { problems, definitions, resource } = unit;
  const { templateUses, scriptUses, newerStylesheets, lookups } = unit;
  const uses = [templateUses, scriptUses, newerStylesheets, lookups];
  return (
    problems.isEmpty &&
    resource === undefined &&
    uses.every(({ length }) => length === 0) &&
    definitions.every(({ kind }) => INDEPENDENT.includes(kind))
  );
}

function isSameClaim(one: ArtifactUnit, other: ArtifactUnit): boolean {
  return (
    one.definitions.length === other.definitions.length &&
    one.definitions.every(({ id, address }, index) => {
      const twin = other.definitions[index];
      return id === twin?.id && address?.id === twin.address?.id;
    })
  );
}
