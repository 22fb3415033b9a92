/**
 * Problems found in configuration files and artifacts. Readers collect all problems of a file
 * (`ConfigProblems`) and report them together; a `ConfigError` carries the collected list.
 */
import { AppError } from "./app-error.ts";

/** A place in a file. `line` counts from 1; 0: a place that has no lines, such as the command line. */
export interface SourcePlace {
  readonly file: string;
  readonly line: number;
}

/** One problem: what is wrong and where; `message` alone is a full sentence for the user. */
export interface ConfigProblem extends SourcePlace {
  readonly severity: "error" | "warning";
  readonly message: string;
}

/** "message in FILE:LINE", the form in which every configuration problem is shown (nginx's). */
export function formatProblem(problem: ConfigProblem): string {
  const place = problem.line === 0 ? problem.file : `${problem.file}:${problem.line}`;
  return `${problem.message} in ${place}`;
}

/** One or more errors in configuration; the message lists all of them, one a line. */
export class ConfigError extends AppError {
  readonly problems: readonly ConfigProblem[];

  constructor(
    problems: readonly ConfigProblem[],
    code: "CONFIG_INVALID" | "ARTIFACT_FAULTY" = "CONFIG_INVALID",
  ) {
    super(code, problems.map(formatProblem).join("\n"), { side: "config" });
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/** Collects problems while files are read, so that all of them are reported at once. */
export class ConfigProblems {
  readonly #problems: ConfigProblem[] = [];

  error(place: SourcePlace, message: string): void {
    this.#problems.push({ file: place.file, line: place.line, severity: "error", message });
  }

  warning(place: SourcePlace, message: string): void {
    this.#problems.push({ file: place.file, line: place.line, severity: "warning", message });
  }

  /** Takes over the problems of a thrown ConfigError; anything else is thrown again. */
  addThrown(thrown: unknown): void {
    if (!(thrown instanceof ConfigError)) throw thrown;
    this.#problems.push(...thrown.problems);
  }

  /** Takes over the problems of others. */
  addAll(others: ConfigProblems): void {
    for (const problem of others.#problems) this.#problems.push(problem);
  }

  get isEmpty(): boolean {
    return this.#problems.length === 0;
  }

  get errors(): readonly ConfigProblem[] {
    return this.#problems.filter((problem) => problem.severity === "error");
  }

  get warnings(): readonly ConfigProblem[] {
    return this.#problems.filter((problem) => problem.severity === "warning");
  }

  /** @throws ConfigError CONFIG_INVALID when at least one error was collected. */
  throwIfErrors(): void {
    const { errors } = this;
    if (errors.length > 0) throw new ConfigError(errors);
  }
}
