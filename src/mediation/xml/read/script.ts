/**
 * Reads `script` (ScriptMediatorFactory):
 *
 *   <script language="js|nashornJs" (key="string|{xpath}" [function="name"])>
 *     (text | <![CDATA[text]]> | <include key="string|{xpath}"/>*)
 *   </script>
 *
 * The text may hold XML literals as text or, as some files have them, as elements.
 */
import { attributeOf, childrenNamed } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import { ScriptMediator } from "../../mediators/script.ts";
import type { KeyReference } from "../../mediators/key-reference.ts";
import { inlineProgram, type PlacedProgram } from "../../script/script-program.ts";
import { ScriptSyntaxError } from "../../script/script-scanner.ts";
import { elementText } from "../element-text.ts";
import type { MediatorReader, ReadContext } from "./read-context.ts";

const LANGUAGES: readonly string[] = ["js", "nashornjs", "javascript", "ecmascript", "rhinojs"];

export const scriptReader: MediatorReader = {
  name: "script",
  read(element, context) {
    const language = attributeOf(element, "language")?.trim();
    if (!language)
      return context.error(element, "The 'language' attribute is required for a script mediator");
    if (!LANGUAGES.includes(language.toLowerCase()))
      return context.error(
        element,
        `Scripts in ${language} cannot be run here: rewrite it in JavaScript (language="js")`,
      );
    const key = attributeOf(element, "key");
    if (key === undefined) return readInline(element, language, context);
    return readExternal(element, { language, key }, context);
  },
};

function readInline(
  element: XmlElement,
  language: string,
  context: ReadContext,
): ScriptMediator | undefined {
  const text = scriptText(element);
  if (text.trim() === "")
    return context.error(element, "A script mediator needs a script: text inside it, or a 'key'");
  const program = compiled(element, text, context);
  return program && new ScriptMediator(language, { kind: "inline", program });
}

function scriptText(element: XmlElement): string {
  return element.children
    .map((child) => (child.kind === "text" ? child.value : elementText(child, true)))
    .join("");
}

function compiled(
  element: XmlElement,
  text: string,
  context: ReadContext,
): PlacedProgram | undefined {
  const { file, line } = element.place;
  const firstLine = line + linesBefore(element);
  try {
    return inlineProgram({ text, name: file, firstLine });
  } catch (error) {
    if (!(error instanceof ScriptSyntaxError)) throw error;
    const place = { file, line: firstLine + error.line - 1 };
    context.problems.error(place, `The script cannot be read: ${error.message}`);
    return undefined;
  }
}

/** Line breaks inside the start tag. */
function linesBefore({ source }: XmlElement): number {
  const tag = /^<(?:[^>"']|"[^"]*"|'[^']*')*>/.exec(source)?.[0] ?? "";
  return tag.split("\n").length - 1;
}

function readExternal(
  element: XmlElement,
  named: { readonly language: string; readonly key: string },
  context: ReadContext,
): ScriptMediator | undefined {
  const functionName = attributeOf(element, "function")?.trim() ?? "mediate";
  if (!/^[A-Za-z_$][\w$]{0,99}$/.test(functionName))
    return context.error(element, `"${functionName}" is no name of a JavaScript function`);
  const key = context.keyReference(element, named.key);
  const includes: KeyReference[] = [];
  for (const include of childrenNamed(element, "include")) {
    const source = attributeOf(include, "key");
    const reference = source === undefined ? undefined : context.keyReference(include, source);
    if (source === undefined)
      context.error(include, "The 'key' attribute is required for an include of a script mediator");
    if (!reference) return undefined;
    includes.push(reference);
  }
  if (!key) return undefined;
  for (const reference of [...includes, key])
    if (reference.kind === "static") context.scriptUses.push({ element, key: reference.key });
  return new ScriptMediator(named.language, { kind: "key", key, includes, functionName });
}
