/**
 * Reads `jsontransform` (JSONTransformMediatorFactory):
 *
 *   <jsontransform [schema="key|{xpath}"]> <property name="synapse.commons.json.*" value="string"/>* </jsontransform>
 */
import { attributeOf, childrenNamed } from "../../../config/xml-query.ts";
import { JsonTransformMediator } from "../../mediators/json-transform.ts";
import type { MediatorReader } from "./read-context.ts";

const KNOWN: readonly string[] = [
  "synapse.commons.json.output.autoPrimitive",
  "synapse.commons.json.output.jsonoutAutoArray",
  "synapse.commons.json.preserve.namespace",
  "synapse.commons.json.output.emptyXmlElemToEmptyStr",
];

export const jsonTransformReader: MediatorReader = {
  name: "jsontransform",
  read(element, context) {
    const values = new Map<string, string>();
    for (const property of childrenNamed(element, "property")) {
      const name = attributeOf(property, "name") ?? "";
      values.set(name, attributeOf(property, "value") ?? "");
      if (!KNOWN.includes(name))
        context.warning(property, `The property "${name}" of jsontransform has no effect`);
    }
    const text = attributeOf(element, "schema");
    if (text === undefined && values.size === 0)
      return context.error(element, "Properties or a schema should be specified for jsontransform");
    const schema = text === undefined ? undefined : context.keyReference(element, text);
    if (text !== undefined && !schema) return undefined;
    const is = (name: string, whenAbsent: boolean): boolean =>
      (values.get(`synapse.commons.json.${name}`) ?? String(whenAbsent)) === "true";
    const writing = {
      autoPrimitive: is("output.autoPrimitive", true),
      autoArray: is("output.jsonoutAutoArray", true),
      keepNamespaces: is("preserve.namespace", false),
      emptyText: is("output.emptyXmlElemToEmptyStr", false),
    };
    return new JsonTransformMediator({ schema, writing });
  },
};
