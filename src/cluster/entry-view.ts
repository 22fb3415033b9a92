/**
 * One `MapEntry` after another in the same object, so that a walk through a million of them leaves no garbage: what a
 * message is read into, and what a store with its own columns hands out. Valid until the next step of whoever fills it.
 */
import { KeyBytes } from "./key-bytes.ts";
import type { MapEntry } from "./replicated-map.ts";

export class EntryView implements MapEntry {
  readonly keyBytes = new KeyBytes();
  readonly version = { counter: 0, writer: "" };
  value: string | undefined;
  ttlMs = 1;
  idleMs = 0;

  get key(): string {
    return this.keyBytes.toString();
  }
}
