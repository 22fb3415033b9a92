/**
 * A reader of artifacts for tests of the manager, in place of the engine's: a line with FAULT is an error, one with ODD a warning, and
 * a `<sequence key="S"/>` needs a sequence S somewhere in the tree. Problems name the file's path, as the engine's do.
 */
import { ConfigError, type ConfigProblem } from "../../src/errors/config-error.ts";
import { readArtifact } from "../../src/manager/artifact-place.ts";
import type { ArtifactFile, ArtifactSummary, CompileResult } from "../../src/mediation/engine.ts";

export function toyCompile(files: readonly ArtifactFile[]): CompileResult {
  const problems: ConfigProblem[] = [];
  const artifacts: ArtifactSummary[] = [];
  for (const { path, content } of files.filter(isOwn)) {
    try {
      artifacts.push({ ...readArtifact(content, path), path });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
    }
  }
  const sequences = artifacts.filter(({ kind }) => kind === "sequence").map(({ name }) => name);
  for (const file of files.filter(isOwn)) problems.push(...problemsIn(file, sequences));
  if (problems.length > 0) return { kind: "faulty", problems };
  const handle = () => Promise.reject(new Error("the toy engine handles nothing"));
  const done = () => Promise.resolve();
  return {
    kind: "compiled",
    engine: { artifacts, apps: [], outcomes: () => [], handle, activate: done, retire: done },
    warnings: files.filter(isOwn).flatMap(oddLines),
  };
}

function oddLines({ path, content }: ArtifactFile): readonly ConfigProblem[] {
  const lines = content.toString().split("\n");
  return lines.flatMap((text, index) => {
    const place = { file: path, line: index + 1, severity: "warning" } as const;
    return text.includes("ODD") ? [{ ...place, message: "this line is odd" }] : [];
  });
}

/** Applications and resources are not looked into. */
function isOwn({ path }: ArtifactFile): boolean {
  return path.startsWith("synapse-configs/");
}

function problemsIn(
  { path, content }: ArtifactFile,
  sequences: readonly string[],
): readonly ConfigProblem[] {
  return content
    .toString()
    .split("\n")
    .flatMap((text, index) => {
      const place = { file: path, line: index + 1, severity: "error" } as const;
      const needed = /<sequence key="(?<key>\w+)"/.exec(text)?.groups?.["key"];
      const isMissing = needed !== undefined && !sequences.includes(needed);
      return [
        ...(text.includes("FAULT") ? [{ ...place, message: "this line is faulty" }] : []),
        ...(isMissing ? [{ ...place, message: `there is no sequence ${needed}` }] : []),
      ];
    });
}

/** XML of a proxy service; `inside` is what stands on its second line. */
export function proxyXml(name: string, inside = "<target/>"): string {
  return `<proxy xmlns="http://ws.apache.org/ns/synapse" name="${name}">\n  ${inside}\n</proxy>\n`;
}

export function sequenceXml(name: string): string {
  return `<sequence xmlns="http://ws.apache.org/ns/synapse" name="${name}"/>\n`;
}

/** Where a proxy service goes. */
export function proxyPath(name: string): string {
  return `synapse-configs/default/proxy-services/${name}.xml`;
}
