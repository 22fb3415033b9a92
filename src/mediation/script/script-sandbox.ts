/**
 * QuickJS contexts in which scripts run: no object of the host but one function from text to text, limits for memory, stack
 * and time. Making a context costs milliseconds (the XML runtime is compiled in it), so a few are kept, each for
 * one script only; names that a run leaves behind are deleted. A context is disposed when a run fails, takes
 * long, or has served CONTEXT_USES_MAX messages. One pool a generation, closed when that retires.
 */
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSRuntime,
  type QuickJSWASMModule,
  RELEASE_SYNC,
} from "quickjs-emscripten";
import { messageOf } from "../../errors/app-error.ts";
import type { Clock } from "../../runtime/clock.ts";
import { CallTookTooLong, timedCall } from "../timed-call.ts";
import { MESSAGE_RUNTIME } from "./message-runtime.ts";
import { isQuickScript } from "./quick-script.ts";
import { XML_RUNTIME } from "./xml-runtime.ts";

/**
 * Memory of all contexts of a pool together, in pages of 64 KiB. QuickJS's own limit counts nothing in WebAssembly,
 * so the memory itself ends here: 16 MiB at first, 64 MiB at most. A script that needs more fails.
 */
const MEMORY_PAGES = { initial: 256, maximum: 1024 } as const;
/** Time of one run. All other messages of the worker wait for a running script. */
export const SCRIPT_TIME_MAX_MS = 1_000;
/** A script that does not look at the clock in time is ended that much later, together with all contexts. */
const ENDED_AFTER_MS = 100;
/** Stack of a context, in bytes: well below what the host has for it. */
const SCRIPT_STACK_MAX = 192 * 1024;
/** Contexts that are kept for the next message. */
export const IDLE_CONTEXTS_MAX = 16;
const CONTEXT_USES_MAX = 1_000;
/** A run that took longer may have left much behind: its context is not kept. */
const KEPT_AFTER_MS = 50;
/** Longest text that goes into or out of a sandbox in one call. */
const EXCHANGE_LENGTH_MAX = 12 * 1024 * 1024;

/** What a script may ask: the name of an operation and its arguments as JSON; "" answers nothing. */
export type ScriptHost = (operation: string, args: string) => string;

/** A script that is ready to run; the object is what contexts are kept by. */
export interface ScriptProgram {
  /** JavaScript whose value is the function that mediates; it takes `mc`. */
  readonly source: string;
  /** For stacks of errors. */
  readonly file: string;
}

/** What a run ended with. `line` is a line of the program. */
export type ScriptOutcome =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "error"; readonly message: string; readonly line: number | undefined };

interface Room {
  readonly runtime: QuickJSRuntime;
  readonly context: QuickJSContext;
  readonly main: QuickJSHandle;
  readonly slot: { host: ScriptHost | undefined };
  uses: number;
}

/** `host` is known to the runtime alone: a script asks through `mc`. */
const RUNTIME = `(function (host) {
delete globalThis.host;
${XML_RUNTIME}
globalThis.$x = $x;
${MESSAGE_RUNTIME}
})(globalThis.host); 0`;

export class ScriptSandbox {
  readonly #clock: Clock;
  readonly #timeMaxMs: number;
  readonly #idle = new Map<ScriptProgram, Room>();
  #module: Promise<QuickJSWASMModule> | undefined;
  #deadlineMs = 0;
  #closed = false;

  /** @param timeMaxMs default: SCRIPT_TIME_MAX_MS. */
  constructor(clock: Clock, timeMaxMs = SCRIPT_TIME_MAX_MS) {
    this.#clock = clock;
    this.#timeMaxMs = timeMaxMs;
  }

  /** Contexts that wait for the next message. */
  get idleCount(): number {
    return this.#idle.size;
  }

  /** Runs a program once. What the host function throws is an error inside the script. */
  async run(program: ScriptProgram, host: ScriptHost): Promise<ScriptOutcome> {
    this.#module ??= loadModule();
    const module = await this.#module;
    this.#deadlineMs = this.#clock.monotonicMs() + this.#timeMaxMs;
    try {
      const outcome = this.#runIn(module, program, host);
      if (outcome.kind === "error" && outcome.message === OUT_OF_MEMORY) this.#giveUp();
      return outcome;
    } catch (error) {
      if (error instanceof CallTookTooLong) {
        this.#giveUp();
        return { kind: "error", message: TOOK_TOO_LONG, line: undefined };
      }
      if (!isModuleFailure(error)) throw error;
      this.#giveUp();
      return { kind: "error", message: OUT_OF_MEMORY, line: undefined };
    }
  }

  /** The module has reached its bounds: whatever lies in it goes with it, the next run loads a new one. */
  #giveUp(): void {
    this.#idle.clear();
    this.#module = undefined;
  }

  /** Disposes what is idle; contexts in use are disposed after their run. */
  close(): void {
    this.#closed = true;
    for (const room of this.#idle.values()) disposeRoom(room);
    this.#idle.clear();
  }

  #runIn(module: QuickJSWASMModule, program: ScriptProgram, host: ScriptHost): ScriptOutcome {
    const taken = this.#take(module, program);
    if ("kind" in taken) return taken;
    const startMs = this.#clock.monotonicMs();
    taken.slot.host = host;
    const outcome = this.#call(taken, program);
    taken.slot.host = undefined;
    const isQuick = this.#clock.monotonicMs() - startMs <= KEPT_AFTER_MS;
    if (outcome.kind === "value" && isQuick) this.#keep(program, taken);
    else disposeRoom(taken);
    return outcome;
  }

  /**
   * QuickJS looks at the clock between steps only; what one step may make long is ended from outside.
   * @throws CallTookTooLong, and the module is of no more use.
   */
  #call(room: Room, program: ScriptProgram): ScriptOutcome {
    if (isQuickScript(program.source)) return callMain(room, program);
    return timedCall(this.#timeMaxMs + ENDED_AFTER_MS, () => callMain(room, program));
  }

  #take(module: QuickJSWASMModule, program: ScriptProgram): Room | ScriptOutcome {
    const idle = this.#idle.get(program);
    this.#idle.delete(program);
    return idle ?? this.#makeRoom(module, program);
  }

  #keep(program: ScriptProgram, room: Room): void {
    room.uses += 1;
    const tidied = room.context.evalCode("$tidy()", "tidy");
    const isTidy = !tidied.error;
    (tidied.error ?? tidied.value).dispose();
    if (this.#closed || !isTidy || room.uses >= CONTEXT_USES_MAX || this.#idle.has(program)) {
      disposeRoom(room);
      return;
    }
    this.#idle.set(program, room);
    const [oldest] = this.#idle;
    if (this.#idle.size <= IDLE_CONTEXTS_MAX || !oldest) return;
    this.#idle.delete(oldest[0]);
    disposeRoom(oldest[1]);
  }

  #makeRoom(module: QuickJSWASMModule, program: ScriptProgram): Room | ScriptOutcome {
    const runtime = module.newRuntime();
    runtime.setMaxStackSize(SCRIPT_STACK_MAX);
    runtime.setInterruptHandler(() => this.#clock.monotonicMs() > this.#deadlineMs);
    const context = runtime.newContext();
    const slot: Room["slot"] = { host: undefined };
    installRuntime(context, slot);
    const compiled = context.evalCode(program.source, program.file);
    if (!compiled.error) return { runtime, context, main: compiled.value, slot, uses: 0 };
    const outcome = errorOutcome(context, compiled.error, program);
    context.dispose();
    runtime.dispose();
    return outcome;
  }
}

const TOOK_TOO_LONG = "the script took too long and was stopped";
const OUT_OF_MEMORY = "the script needs more memory or stack than it may have";

function loadModule(): Promise<QuickJSWASMModule> {
  const wasmMemory = new WebAssembly.Memory(MEMORY_PAGES);
  return newQuickJSWASMModuleFromVariant(newVariant(RELEASE_SYNC, { wasmMemory }));
}

/** What the library throws when WebAssembly itself cannot go on. */
function isModuleFailure(error: unknown): boolean {
  return error instanceof RangeError || error instanceof WebAssembly.RuntimeError;
}

function disposeRoom({ main, context, runtime }: Room): void {
  main.dispose();
  context.dispose();
  runtime.dispose();
}

/** Gives the context `$x`, `mc` and the one function that reaches the host. */
function installRuntime(context: QuickJSContext, slot: Room["slot"]): void {
  const host = context.newFunction("host", (operation, args) => {
    const answer = answerOf(slot, context.getString(operation), context.getString(args));
    if ("error" in answer) return { error: context.newError(answer.error) };
    return context.newString(answer.text);
  });
  context.setProp(context.global, "host", host);
  host.dispose();
  const result = context.evalCode(RUNTIME, "runtime");
  if (result.error) {
    const reason = context.dump(result.error) as unknown;
    result.error.dispose();
    throw new Error(`The script runtime cannot be set up: ${JSON.stringify(reason)}`);
  }
  result.value.dispose();
}

function answerOf(
  slot: Room["slot"],
  operation: string,
  args: string,
): { readonly text: string } | { readonly error: string } {
  if (!slot.host) return { error: "no message is being mediated" };
  if (args.length > EXCHANGE_LENGTH_MAX) return { error: "the value is too large" };
  try {
    const text = slot.host(operation, args);
    return text.length > EXCHANGE_LENGTH_MAX ? { error: "the value is too large" } : { text };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

function callMain({ context, main }: Room, program: ScriptProgram): ScriptOutcome {
  const message = context.getProp(context.global, "mc");
  const result = context.callFunction(main, context.undefined, message);
  message.dispose();
  if (result.error) return errorOutcome(context, result.error, program);
  const value: unknown =
    context.typeof(result.value) === "boolean" ? context.dump(result.value) : undefined;
  result.value.dispose();
  return { kind: "value", value };
}

function errorOutcome(
  context: QuickJSContext,
  handle: QuickJSHandle,
  program: ScriptProgram,
): ScriptOutcome {
  const dumped: unknown = context.dump(handle);
  handle.dispose();
  const { name, message, stack } = partsOf(dumped);
  const lines = [...stack.matchAll(/\(?([^\s()]+?):(\d+)(?::\d+)?\)?$/gm)];
  const line = lines.find(([, file]) => file === program.file || file === "<input>")?.[2];
  return {
    kind: "error",
    message: sentenceOf(name, message),
    line: line === undefined ? undefined : Number(line),
  };
}

function sentenceOf(name: string, message: string): string {
  if (message === "interrupted") return TOOK_TOO_LONG;
  // An error that could not even be made is null.
  if (message === "out of memory" || message === "null") return OUT_OF_MEMORY;
  return `${name}${message}`;
}

function partsOf(dumped: unknown): { name: string; message: string; stack: string } {
  if (typeof dumped !== "object" || dumped === null)
    return { name: "", message: String(dumped), stack: "" };
  const { name, message, stack } = dumped as Readonly<Record<string, unknown>>;
  const text = typeof message === "string" ? message : JSON.stringify(dumped);
  return {
    name: typeof name === "string" && typeof message === "string" ? `${name}: ` : "",
    message: text,
    stack: typeof stack === "string" ? stack : "",
  };
}
