/** Reads `<propertyGroup [description="string"]><property .../>+</propertyGroup>` (PropertyGroupMediatorFactory). */
import { childrenNamed } from "../../../config/xml-query.ts";
import { PropertyGroupMediator } from "../../mediators/property-group.ts";
import { propertyReader } from "./property.ts";
import type { MediatorReader } from "./read-context.ts";

export const propertyGroupReader: MediatorReader = {
  name: "propertyGroup",
  read: (element, context) =>
    new PropertyGroupMediator(
      childrenNamed(element, "property")
        .map((child) => propertyReader.read(child, context))
        .filter((mediator) => mediator !== undefined),
    ),
};
