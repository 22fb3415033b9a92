/** A node's log in memory with what serves it, for parts that need one. */
import { LogRing } from "../../src/observability/log-ring.ts";
import { LogService } from "../../src/observability/log-service.ts";
import { type Clock, systemClock } from "../../src/runtime/clock.ts";

export interface MadeLogs {
  readonly ring: LogRing;
  readonly logs: LogService;
}

export function makeLogs(node = "node", clock: Clock = systemClock): MadeLogs {
  const ring = new LogRing();
  return { ring, logs: new LogService({ node, ring, clock }) };
}

/** Adds a line of the part "Test". */
export function addLine(ring: LogRing, message: string, level: "info" | "warn" = "info"): void {
  ring.add({ level, component: "Test", message, atMs: Date.UTC(2026, 10, 21) });
}
