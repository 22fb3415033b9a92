/** Reads `<in>mediator*</in>` and `<out>mediator*</out>` (InMediatorFactory, OutMediatorFactory). */
import { DirectionMediator } from "../../mediators/in-out.ts";
import type { MediatorReader } from "./read-context.ts";

export const inReader: MediatorReader = {
  name: "in",
  read: (element, context) => new DirectionMediator("in", context.mediators(element)),
};

export const outReader: MediatorReader = {
  name: "out",
  read: (element, context) => new DirectionMediator("out", context.mediators(element)),
};
