/** `npm run build`, also before `npm pack`: src/ → dist/ with tsc, and the files that are not TypeScript. */
import { cpSync, globSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT, runStep, tool } from "./run-step.ts";

rmSync(join(ROOT, "dist"), { recursive: true, force: true });
const compiled = await runStep("build", [tool("tsc"), "-p", "tsconfig.build.json"], true);
if (compiled.status === 0) {
  for (const file of globSync("**/*.{html,css,js,svg,sql}", { cwd: join(ROOT, "src") })) {
    const target = join(ROOT, "dist", file);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(join(ROOT, "src", file), target);
  }
  console.log(`built dist/ in ${compiled.seconds.toFixed(1)} s`);
}
process.exitCode = compiled.status;
