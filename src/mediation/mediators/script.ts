/**
 * `script`: runs JavaScript on the message (ScriptMediator), inline or a function of a script with a key. The script runs in a
 * sandbox (script/script-sandbox.ts) without anything of the host; a value of false ends the list.
 */
import { messageOf } from "../../errors/app-error.ts";
import { MediationFault } from "../mediation-fault.ts";
import type { LocalEntry } from "../message/local-entry.ts";
import type { Message } from "../message/message.ts";
import { PerGeneration } from "../per-generation.ts";
import {
  functionProgram,
  type PlacedProgram,
  type ScriptPart,
  scriptTextOf,
} from "../script/script-program.ts";
import { ScriptMessage } from "../script/script-message.ts";
import { ScriptSyntaxError } from "../script/script-scanner.ts";
import { type KeyReference, keyOf } from "./key-reference.ts";
import type { Mediator } from "./mediator.ts";

export type ScriptSource =
  | { readonly kind: "inline"; readonly program: PlacedProgram }
  | {
      readonly kind: "key";
      readonly key: KeyReference;
      readonly includes: readonly KeyReference[];
      readonly functionName: string;
    };

/** Programs that a mediator with a dynamic key keeps. */
const PROGRAMS_MAX = 16;

interface KnownProgram {
  readonly entries: readonly LocalEntry[];
  readonly program: PlacedProgram;
}

export class ScriptMediator implements Mediator {
  readonly kind = "script";
  readonly #language: string;
  readonly #source: ScriptSource;
  readonly #known = new PerGeneration(() => new Map<string, KnownProgram>());

  constructor(language: string, source: ScriptSource) {
    this.#language = language;
    this.#source = source;
  }

  async mediate(message: Message): Promise<boolean> {
    const program = await this.#program(message);
    await message.payload();
    const script = new ScriptMessage(message);
    const outcome = await message.environment.scripts.run(program, (operation, args) =>
      script.answer(operation, args),
    );
    if (outcome.kind === "value") return outcome.value !== false;
    const place = outcome.line === undefined ? "" : ` in ${program.placeOf(outcome.line)}`;
    throw new MediationFault(`${this.#complaint()} : ${outcome.message}${place}`);
  }

  #complaint(): string {
    const source = this.#source;
    if (source.kind === "inline")
      return `The script engine returned an error executing the inlined ${this.#language} script function mediate`;
    const key = source.key.kind === "static" ? source.key.key : source.key.expression.source;
    return `The script engine returned an error executing the external ${this.#language} script : ${key} function ${source.functionName}`;
  }

  async #program(message: Message): Promise<PlacedProgram> {
    const source = this.#source;
    if (source.kind === "inline") return source.program;
    const keys: string[] = [];
    for (const reference of [...source.includes, source.key])
      keys.push(await keyOf(reference, message));
    const entries = keys.map((key) => entryOf(message, key));
    const id = keys.join("\n");
    const programs = this.#known.of(message.environment.shared);
    const known = programs.get(id);
    if (known && entries.every((entry, index) => entry === known.entries[index]))
      return known.program;
    const program = this.#compile(entries, source.functionName);
    const [oldest] = programs.keys();
    if (programs.size >= PROGRAMS_MAX && oldest !== undefined) programs.delete(oldest);
    programs.set(id, { entries, program });
    return program;
  }

  #compile(entries: readonly LocalEntry[], functionName: string): PlacedProgram {
    try {
      return functionProgram(entries.map(partOf), functionName);
    } catch (error) {
      if (!(error instanceof ScriptSyntaxError)) throw error;
      throw new MediationFault(`${this.#complaint()} : ${messageOf(error)} on line ${error.line}`);
    }
  }
}

function entryOf(message: Message, key: string): LocalEntry {
  const entry = message.environment.resource(key);
  if (entry) return entry;
  throw new MediationFault(`Cannot find the script : there is no resource or local entry ${key}`);
}

function partOf(entry: LocalEntry): ScriptPart {
  return { text: scriptTextOf(entry), name: entry.key, firstLine: 1 };
}
