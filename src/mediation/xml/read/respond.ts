/** Reads `<respond/>` (RespondMediatorFactory); it has neither attributes nor children of its own. */
import { RespondMediator } from "../../mediators/respond.ts";
import type { MediatorReader } from "./read-context.ts";

export const respondReader: MediatorReader = {
  name: "respond",
  read: () => new RespondMediator(),
};
