/** Artifact files → an engine, or everything that is wrong with them: one compilation that nothing came before. */
import { EngineCompiler } from "./engine-compiler.ts";
import type { ArtifactFile, CompileResult, EngineOptions } from "./engine.ts";

/** Compiles one generation whole. Never throws for faulty artifacts. Refuses carbon applications (see EngineCompiler). */
export function compileEngine(
  files: readonly ArtifactFile[],
  options: EngineOptions,
): CompileResult {
  return new EngineCompiler(options).compile(files);
}
