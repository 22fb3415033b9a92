/**
 * Reads endpoint templates (TemplateFactory) and makes endpoints of them (Template.create):
 *
 *   <template name="string">
 *     <parameter name="string"/>*
 *     <endpoint name="$name"><address uri="$uri"/></endpoint>
 *   </template>
 *
 * An attribute or a text that is `$name` as a whole stands for the parameter; "name" and "uri" are parameters always.
 */
import { attributeOf, childNamed, childrenNamed } from "../../../config/xml-query.ts";
import type { XmlElement, XmlNode } from "../../../config/xml.ts";
import { ConfigProblems } from "../../../errors/config-error.ts";
import { EndpointTemplate } from "../../endpoints/endpoint-template.ts";
import { readEndpoint } from "./endpoint.ts";
import { EndpointLedger, type TemplateUse } from "./endpoint-ledger.ts";
import { ReadContext } from "./read-context.ts";

/** Whether a `<template>` is one of an endpoint. */
export function isEndpointTemplate(element: XmlElement): boolean {
  return childNamed(element, "endpoint") !== undefined;
}

/** Undefined when the template is faulty (a problem was reported). */
export function readEndpointTemplate(
  element: XmlElement,
  context: ReadContext,
): EndpointTemplate | undefined {
  const name = attributeOf(element, "name")?.trim();
  const body = childNamed(element, "endpoint");
  if (!name) return context.error(element, "The 'name' attribute is required for a template");
  if (!body) return context.error(element, "endpoint element is required in an endpoint template");
  const declared = childrenNamed(element, "parameter").map((child) =>
    attributeOf(child, "name")?.trim(),
  );
  const known = new Set([...declared, "name", "uri"]);
  return new EndpointTemplate(name, (instance) => {
    const problems = new ConfigProblems();
    const ledger = new EndpointLedger(`${instance.identity}\n`);
    const own = new ReadContext(problems, [], ledger);
    const valueOf = (word: string): string | undefined =>
      known.has(word) ? instance.parameters.get(word) : undefined;
    const endpoint = readEndpoint(filled(body, valueOf), own);
    const [problem] = problems.errors;
    if (endpoint && !problem) return endpoint;
    return `The template ${name} makes no endpoint of its parameters: ${problem?.message ?? "it is faulty"}`;
  });
}

/** Checks what templates make; all templates have to be read by now. Unknown ones are a fault of a message, later. */
export function checkTemplateUses(
  uses: readonly TemplateUse[],
  templates: ReadonlyMap<string, EndpointTemplate>,
  problems: ConfigProblems,
): void {
  for (const { element, instance } of uses) {
    const template = templates.get(instance.template);
    const problem = template?.problemOf(instance);
    if (problem !== undefined) problems.error(element.place, problem);
    if (!template) {
      const sentence = `Template ${instance.template} cannot be found for the endpoint`;
      problems.warning(element.place, sentence);
    }
  }
}

function filled(element: XmlElement, valueOf: (name: string) => string | undefined): XmlElement {
  const replaced = (text: string): string => {
    const name = /^\s*\$(\S+)\s*$/.exec(text)?.[1];
    return (name === undefined ? undefined : valueOf(name)) ?? text;
  };
  return {
    ...element,
    attributes: element.attributes.map((item) => ({ ...item, value: replaced(item.value) })),
    children: element.children.map((child): XmlNode =>
      child.kind === "element"
        ? filled(child, valueOf)
        : { ...child, value: replaced(child.value) },
    ),
  };
}
