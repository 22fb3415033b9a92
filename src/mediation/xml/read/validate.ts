/**
 * Reads `validate` (ValidateMediatorFactory):
 *
 *   <validate [source="xpath|json-eval(..)"] [cache-schema="true|false"]>
 *     <schema key="key|{xpath}"/>+ <property|feature name="feature" value="true|false"/>*
 *     <resource location="string" key="string"/>* <on-fail>mediator+</on-fail>
 *   </validate>
 *
 * Features belong to Java's validator: names that are not known are accepted, values other than true and false are not.
 */
import { attributeOf, childNamed, childrenNamed } from "../../../config/xml-query.ts";
import { ValidateMediator } from "../../mediators/validate.ts";
import type { MediatorReader } from "./read-context.ts";
import { readResources } from "./xslt.ts";

export const validateReader: MediatorReader = {
  name: "validate",
  read(element, context) {
    const elements = childrenNamed(element, "schema");
    if (elements.length === 0)
      return context.error(element, "No schemas specified for the validate mediator");
    const schemas = elements.map((schema) => {
      const key = attributeOf(schema, "key");
      if (key !== undefined && key.trim() !== "") return context.keyReference(schema, key);
      return context.error(
        schema,
        "A schema definition requires a local property with a 'key' attribute",
      );
    });
    for (const feature of [
      ...childrenNamed(element, "feature"),
      ...childrenNamed(element, "property"),
    ])
      if (
        !/^(?:true|false)$/.test(attributeOf(feature, "value") ?? "") ||
        !attributeOf(feature, "name")
      )
        context.error(feature, "The feature must have a name, and true or false as its value");
    const failing = childNamed(element, "on-fail");
    if (!failing)
      return context.error(
        element,
        "A non-empty <on-fail> child element is required for the <validate> mediator",
      );
    const onFail = context.mediators(failing);
    const source = context.expression(element, "source");
    if (attributeOf(element, "source") !== undefined && !source) return undefined;
    const read = schemas.filter((schema) => schema !== undefined);
    if (read.length < schemas.length) return undefined;
    return new ValidateMediator({
      schemas: read,
      source,
      onFail,
      resources: readResources(element, context),
    });
  },
};
