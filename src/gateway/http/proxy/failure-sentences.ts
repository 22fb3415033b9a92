/** What the error log says about a failed try, in nginx's sentences; scripts of operators look for them. */
import { systemCodeOf } from "../../../errors/app-error.ts";
import { describeSystemError } from "../../nginx/system-error.ts";
import { type AttemptFailure, type AttemptPhase, AttemptTimeout } from "./attempt.ts";

const WHILE: Readonly<Record<AttemptPhase, string>> = {
  connect: "while connecting to upstream",
  handshake: "while SSL handshaking to upstream",
  head: "while reading response header from upstream",
};

/** Why the body of a response broke off. */
export function describeBodyFailure(error: unknown): string {
  return error instanceof AttemptTimeout
    ? "upstream timed out (110: Connection timed out) while reading upstream"
    : "upstream prematurely closed connection while reading upstream";
}

export function describeFailure({ reason, phase, error }: AttemptFailure): string {
  const during = WHILE[phase];
  if (reason === "timeout") return `upstream timed out (110: Connection timed out) ${during}`;
  if (reason === "invalid_header") return `upstream sent invalid header ${during}`;
  if (phase === "connect") return `connect() failed (${describeSystemError(error)}) ${during}`;
  if (phase === "handshake") return `SSL_do_handshake() failed (${error.message}) ${during}`;
  const isHangUp = error.message === "socket hang up" || systemCodeOf(error) === undefined;
  if (isHangUp) return `upstream prematurely closed connection ${during}`;
  return `recv() failed (${describeSystemError(error)}) ${during}`;
}
