/** Reads `<loopback/>` (LoopBackMediatorFactory); it has neither attributes nor children of its own. */
import { LoopbackMediator } from "../../mediators/loopback.ts";
import type { MediatorReader } from "./read-context.ts";

export const loopbackReader: MediatorReader = {
  name: "loopback",
  read: () => new LoopbackMediator(),
};
