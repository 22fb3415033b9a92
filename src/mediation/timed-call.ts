/**
 * A call that V8 itself ends when it takes too long, wherever it is: in a regular expression, a built-in function or WebAssembly.
 * For libraries that cannot be interrupted in another way. What was ended has stopped between any two steps,
 * so whoever calls throws away everything that it may have changed. Each call costs a thread of the system,
 * a tenth of a millisecond: not for what runs with every message anyway.
 */
import { createContext, Script } from "node:vm";

/** What a call is ended with. */
export class CallTookTooLong extends Error {
  constructor(timeMaxMs: number) {
    super(`it took longer than ${timeMaxMs} ms`);
  }
}

const room: { run: () => void } = { run: () => undefined };
createContext(room);
const script = new Script("run()", { filename: "timed-call" });

/**
 * Runs a function that ends within the call.
 * @param timeMaxMs at least 1.
 * @throws CallTookTooLong, and whatever the function throws.
 */
export function timedCall<Result>(timeMaxMs: number, action: () => Result): Result {
  let outcome: { readonly value: Result } | { readonly error: unknown } | undefined;
  const outer = room.run;
  room.run = () => {
    try {
      outcome = { value: action() };
    } catch (error) {
      outcome = { error };
    }
  };
  try {
    script.runInContext(room, { timeout: Math.ceil(timeMaxMs) });
  } catch (error) {
    if (!isTimeout(error)) throw error;
    throw new CallTookTooLong(timeMaxMs);
  } finally {
    room.run = outer;
  }
  if (!outcome) throw new CallTookTooLong(timeMaxMs);
  if ("error" in outcome) throw outcome.error;
  return outcome.value;
}

/** The error is one of the other context: no instance of this one's Error. */
function isTimeout(error: unknown): boolean {
  if (typeof error !== "object" || error === null || !("code" in error)) return false;
  return error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
}
