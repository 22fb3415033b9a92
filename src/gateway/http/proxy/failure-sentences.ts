/** What the error log says about a failed try, in nginx's sentences; scripts of operators look for them. */
import type { PeerFailure, PeerPhase } from "../../../net/http1/peer-failure.ts";
import { describeSystemError } from "../../nginx/system-error.ts";

const WHILE: Readonly<Record<PeerPhase, string>> = {
  connect: "while connecting to upstream",
  handshake: "while SSL handshaking to upstream",
  head: "while reading response header from upstream",
  body: "while reading upstream",
};

export function describeFailure({ reason, phase, error, sentence }: PeerFailure): string {
  const during = WHILE[phase];
  if (sentence !== undefined) return `${sentence} ${during}`;
  if (reason === "timeout") return `upstream timed out (110: Connection timed out) ${during}`;
  if (!error) return `upstream prematurely closed connection ${during}`;
  if (phase === "connect") return `connect() failed (${describeSystemError(error)}) ${during}`;
  if (phase === "handshake") return `SSL_do_handshake() failed (${error.message}) ${during}`;
  return `recv() failed (${describeSystemError(error)}) ${during}`;
}
