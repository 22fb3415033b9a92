/**
 * The log files of the gateway: each path is open once, however many servers write to it and however many
 * configurations are alive. A configuration takes its paths when it starts and gives them back when
 * its last request is done.
 */
import { AppError } from "../errors/app-error.ts";
import { LogFile } from "../observability/log-file.ts";
import type { LineSink } from "../observability/log.ts";
import type { Clock } from "../runtime/clock.ts";
import { type ErrorLevel, takesLevel } from "./error-log-level.ts";
import type { LogBuffer } from "./http/modules/access-log.ts";
import type { ErrorLogWriter } from "./http/request-context.ts";
import { type ErrorLogTarget, formatErrorLine } from "./http/modules/error-log.ts";
import { LogBuffers } from "./log-buffers.ts";
import { LogFileCache, type LogFileCacheOptions } from "./log-file-cache.ts";
import { describeSystemError } from "./nginx/system-error.ts";

function openFailure(path: string, error: unknown): string {
  return `open() "${path}" failed (${describeSystemError(error)})`;
}

/** All or none. */
function openAll(paths: readonly string[]): readonly LogFile[] {
  const files: LogFile[] = [];
  for (const path of paths) {
    try {
      files.push(new LogFile(path));
    } catch (error) {
      for (const file of files) file.close();
      const sentence = openFailure(path, error);
      throw new AppError("CONFIG_INVALID", sentence, { side: "config", cause: error });
    }
  }
  return files;
}

export class LogBook {
  readonly #clock: Clock;
  readonly #stderr: LineSink;
  readonly #buffers: LogBuffers;
  readonly #named: LogFileCache;
  readonly #files = new Map<string, { readonly file: LogFile; users: number }>();

  /** @param stderr where `error_log stderr` goes. */
  constructor(clock: Clock, stderr: LineSink) {
    this.#clock = clock;
    this.#stderr = stderr;
    this.#named = new LogFileCache(clock);
    this.#buffers = new LogBuffers(clock, (path, text) => this.#files.get(path)?.file.write(text));
  }

  /**
   * Opens the files, those that are open already once more: a reload finds what logrotate has moved away.
   * @throws AppError CONFIG_INVALID; everything is as it was then.
   */
  take(paths: readonly string[]): void {
    for (const file of openAll(paths)) {
      const entry = this.#files.get(file.path);
      // The next line meets the buffer that the new configuration asks for.
      this.#buffers.close(file.path);
      entry?.file.close();
      this.#files.set(file.path, { file, users: (entry?.users ?? 0) + 1 });
    }
    this.#named.clear();
  }

  /** Closes the files that nobody uses any more. */
  giveBack(paths: readonly string[]): void {
    for (const path of paths) {
      const entry = this.#files.get(path);
      if (!entry || --entry.users > 0) continue;
      this.#buffers.close(path);
      this.#files.delete(path);
      entry.file.close();
    }
  }

  /** One line with its "\n"; a path that nobody has taken is ignored. */
  write(path: string, line: string): void {
    if (path === "stderr") this.#stderr.write(line);
    else this.#files.get(path)?.file.write(line);
  }

  /** One line to a file whose name depends on the request. @throws the file system's error. */
  writeNamed(path: string, line: string, cache: LogFileCacheOptions): void {
    this.#named.write(path, line, cache);
  }

  /** One line that may wait with others as `buffer` says. */
  writeBuffered(path: string, buffer: LogBuffer, line: string): void {
    this.#buffers.add(path, buffer, line);
  }

  /**
   * After logrotate has moved the files away.
   * @returns a sentence for each file that could not be opened: lines still go to the old one.
   */
  reopen(): readonly string[] {
    const failures: string[] = [];
    this.#named.clear();
    for (const [path, { file }] of this.#files) {
      this.#buffers.flush(path);
      try {
        file.reopen();
      } catch (error) {
        failures.push(openFailure(path, error));
      }
    }
    return failures;
  }

  /** A writer to the error logs of one level of the configuration. */
  errorLog(targets: readonly ErrorLogTarget[]): ErrorLogWriter {
    return {
      write: (level: ErrorLevel, message: string, connection?: number) => {
        const entry = { level, message, ...(connection === undefined ? {} : { connection }) };
        const line = formatErrorLine(entry, this.#clock.wallMs(), process.pid);
        for (const target of targets) {
          if (takesLevel(target.level, level)) this.write(target.path, line);
        }
      },
    };
  }
}
