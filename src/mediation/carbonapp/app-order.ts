/** Which artifacts of a carbon application are wanted, and in which order: dependencies before what needs them. */
import type { ConfigProblems } from "../../errors/config-error.ts";
import type { AppDependency, AppManifest, ArtifactManifest } from "./app-manifest.ts";

/** The artifacts that artifacts.xml includes, in order; reports what is missing and what needs itself. */
export function orderedArtifacts(
  app: AppManifest,
  artifacts: readonly ArtifactManifest[],
  problems: ConfigProblems,
): readonly ArtifactManifest[] {
  const byId = new Map(
    artifacts.map((artifact) => [idOf(artifact.name, artifact.version), artifact]),
  );
  const find = ({ artifact, version, place }: AppDependency): ArtifactManifest | undefined => {
    const found = byId.get(idOf(artifact, version));
    if (!found)
      problems.error(place, `The artifact ${artifact} ${version} is not in the application`.trim());
    return found;
  };
  const wanted = app.dependencies
    .filter(({ include }) => include)
    .flatMap((one) => find(one) ?? []);
  const done = new Map<ArtifactManifest, "open" | "listed">();
  const ordered: ArtifactManifest[] = [];
  const visit = (artifact: ArtifactManifest): void => {
    if (done.get(artifact) === "listed") return;
    if (done.get(artifact) === "open") {
      problems.error(artifact.place, `The artifact ${artifact.name} depends on itself`);
      return;
    }
    done.set(artifact, "open");
    for (const dependency of artifact.dependencies)
      if (dependency.include) for (const needed of [find(dependency) ?? []].flat()) visit(needed);
    done.set(artifact, "listed");
    ordered.push(artifact);
  };
  for (const artifact of wanted) visit(artifact);
  return ordered;
}

function idOf(name: string, version: string): string {
  return `${name}\n${version}`;
}
