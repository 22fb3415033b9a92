/** A carbon application as it is handed in: what it calls itself decides where it goes. Called by the API before a deploy. */
import { ConfigProblems } from "../errors/config-error.ts";
import { AppArchive } from "../mediation/carbonapp/app-archive.ts";
import { readManifest } from "../mediation/carbonapp/app-manifest.ts";
import { isFileName } from "./file-name.ts";
import type { Upload } from "./deployment-plan.ts";

/** Whether the bytes are a zip archive: no XML begins so. */
export function isArchive(content: Buffer): boolean {
  return content.length >= 4 && content.readUInt32BE(0) === 0x504b0304;
}

/** Never rejects for a faulty application: its problems come with it, so that the refusal is journaled as any other. */
export async function readAppUpload(content: Buffer, name: string | undefined): Promise<Upload> {
  const problems = new ConfigProblems();
  try {
    const app = await readApp(content, name ?? "(upload)", problems);
    if (app && problems.errors.length === 0) return { name, content, app };
  } catch (error) {
    problems.addThrown(error);
  }
  return { name, content, faults: problems.errors };
}

async function readApp(
  content: Buffer,
  file: string,
  problems: ConfigProblems,
): Promise<Upload["app"]> {
  const archive = await AppArchive.open(file, content);
  try {
    const app = await readManifest(archive, problems);
    if (!app || isFileName(`${app.name}_${app.version}`)) return app;
    const message = `the application's name "${app.name}" and version "${app.version}" cannot be used in the name of a file`;
    problems.error({ file, line: 0 }, message);
    return undefined;
  } finally {
    archive.close();
  }
}
