/**
 * The error that Bascule throws where a failure is not an expected outcome. Code asks the error
 * (its code, the side that caused it, whether a retry is safe), never its text.
 * The model follows pingora's: what, which side, retry or not, cause.
 */
import type { ErrorCode } from "./codes.ts";

/** Which side of the program caused the failure. */
export type ErrorSide = "downstream" | "upstream" | "peer" | "config" | "internal";

export interface AppErrorOptions {
  /** Default: "internal". */
  readonly side?: ErrorSide;
  /** Whether the same thing may be tried again. Default: false. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/** A failure with a code from the one table, the side that caused it and whether it may be retried. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly side: ErrorSide;
  readonly retryable: boolean;

  /** `message` says what happened, where, and what to do; it is shown to users as it is. */
  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.side = options.side ?? "internal";
    this.retryable = options.retryable ?? false;
  }
}

/** The text of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The system error code ("ENOENT", "EADDRINUSE", ...) of anything that was thrown, if it has one. */
export function systemCodeOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !("code" in thrown)) return undefined;
  return typeof thrown.code === "string" ? thrown.code : undefined;
}
