/**
 * Lines of `access_log ... buffer= flush= gzip=` until they are written together (ngx_http_log_write,
 * ngx_http_log_gzip). Every buffer is bounded by its size; flushed when its file is given back or opened again.
 */
import { gzipSync } from "node:zlib";
import type { Clock, Timer } from "../runtime/clock.ts";
import type { LogBuffer } from "./http/modules/access-log.ts";

interface OpenBuffer {
  readonly options: LogBuffer;
  lines: string[];
  length: number;
  timer: Timer | undefined;
}

export class LogBuffers {
  readonly #clock: Clock;
  readonly #write: (path: string, text: string | Buffer) => void;
  readonly #buffers = new Map<string, OpenBuffer>();

  constructor(clock: Clock, write: (path: string, text: string | Buffer) => void) {
    this.#clock = clock;
    this.#write = write;
  }

  add(path: string, options: LogBuffer, line: string): void {
    const buffer = this.#buffers.get(path) ?? { options, lines: [], length: 0, timer: undefined };
    this.#buffers.set(path, buffer);
    if (buffer.length + line.length > options.bytesMax) this.flush(path);
    buffer.lines.push(line);
    buffer.length += line.length;
    if (buffer.length >= options.bytesMax) this.flush(path);
    else if (options.flushMs !== undefined) {
      buffer.timer ??= this.#clock.after(options.flushMs, () => this.flush(path));
    }
  }

  /** Writes what is waiting for that file. */
  flush(path: string): void {
    const buffer = this.#buffers.get(path);
    if (!buffer) return;
    buffer.timer?.cancel();
    buffer.timer = undefined;
    if (buffer.length === 0) return;
    const text = buffer.lines.join("");
    buffer.lines = [];
    buffer.length = 0;
    const { gzipLevel: level } = buffer.options;
    this.#write(path, level === undefined ? text : gzipSync(text, { level }));
  }

  /** Nobody writes to the file any more. */
  close(path: string): void {
    this.flush(path);
    this.#buffers.delete(path);
  }
}
