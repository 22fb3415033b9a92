/**
 * Reads `clone` (CloneMediatorFactory):
 *
 *   <clone [id="id"] [continueParent="true|false"] [sequential="true|false"]>
 *     <target .../>+
 *   </clone>
 */
import { childrenNamed } from "../../../config/xml-query.ts";
import { CloneMediator } from "../../mediators/clone.ts";
import type { MediatorReader } from "./read-context.ts";
import { readSplitOptions } from "./split-options.ts";
import { readTarget } from "./target.ts";

export const cloneReader: MediatorReader = {
  name: "clone",
  read(element, context) {
    const elements = childrenNamed(element, "target");
    const [first, ...others] = elements
      .map((target) => readTarget(target, context))
      .filter((target) => target !== undefined);
    if (elements.length === 0)
      return context.error(
        element,
        "Clone mediator should have at least one target element in its configuration",
      );
    return (
      first && new CloneMediator({ ...readSplitOptions(element), targets: [first, ...others] })
    );
  },
};
