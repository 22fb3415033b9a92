/** Reads `<drop/>` (DropMediatorFactory); it has neither attributes nor children of its own. */
import { DropMediator } from "../../mediators/drop.ts";
import type { MediatorReader } from "./read-context.ts";

export const dropReader: MediatorReader = {
  name: "drop",
  read: () => new DropMediator(),
};
