/**
 * Reads `log` (LogMediatorFactory):
 *
 *   <log [level="simple|headers|full|custom"] [category="INFO|DEBUG|TRACE|WARN|ERROR|FATAL"] [separator="string"]>
 *     <property name="string" (value="literal" | expression="xpath")/>*
 *   </log>
 *
 * An unknown level counts as simple, as in Synapse; an unknown category is refused.
 */
import { attributeOf, childrenNamed } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import { LOG_CATEGORIES, LOG_LEVELS, LogMediator } from "../../mediators/log.ts";
import type { NamedValue } from "../../mediators/named-value.ts";
import type { MediatorReader, ReadContext } from "./read-context.ts";

export const logReader: MediatorReader = {
  name: "log",
  read(element, context) {
    const level = attributeOf(element, "level")?.trim().toLowerCase();
    const word = attributeOf(element, "category")?.trim().toUpperCase() ?? "INFO";
    const category = LOG_CATEGORIES.find((known) => known === word);
    if (!category)
      return context.error(
        element,
        `Invalid log category. Category has to be one of the following : ${LOG_CATEGORIES.join(", ")}`,
      );
    return new LogMediator({
      level: LOG_LEVELS.find((known) => known === level) ?? "simple",
      category,
      separator: (attributeOf(element, "separator") ?? ", ")
        .replaceAll("\\n", "\n")
        .replaceAll("\\t", "\t"),
      properties: readProperties(element, context),
    });
  },
};

function readProperties(element: XmlElement, context: ReadContext): readonly NamedValue[] {
  const properties: NamedValue[] = [];
  for (const child of childrenNamed(element, "property")) {
    const name = attributeOf(child, "name");
    const before = context.problems.errors.length;
    const source = context.valueSource(child);
    if (name === undefined || name === "")
      context.error(child, "The 'name' attribute is required for the property of a log mediator");
    else if (source) properties.push({ name, ...source });
    else if (context.problems.errors.length === before)
      context.error(
        child,
        "The 'value' or 'expression' attribute is required for the property of a log mediator",
      );
  }
  return properties;
}
