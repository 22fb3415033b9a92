/**
 * One query: fontoxpath over the engine's own trees. Neither its time nor its memory can be bounded in here, so only the
 * process that is there for it (xquery-child.ts) evaluates anything.
 */
import fontoxpath from "fontoxpath";
import { messageOf } from "../../errors/app-error.ts";
import { boundedFacade } from "../xml/bounded-facade.ts";
import {
  isElement,
  parseDocument,
  rootOf,
  serializeNode,
  textContentOf,
  type XmlNode,
} from "../xml/dom.ts";
import type { XQueryAnswer, XQueryJob, XQueryValue } from "./xquery-job.ts";

/** Longest result, in characters: it goes back into the memory of the node. */
export const XQUERY_RESULT_LENGTH_MAX = 32 * 1024 * 1024;

// eslint-disable-next-line import/no-named-as-default-member
const { evaluateXPath } = fontoxpath;

/** Runs one query. Its result is text, elements as XML; whatever goes wrong is an answer too. */
export function answerTo(job: XQueryJob): XQueryAnswer {
  try {
    const text = resultOf(job);
    if (text.length <= XQUERY_RESULT_LENGTH_MAX) return { kind: "text", text };
    const message = `its result is longer than ${XQUERY_RESULT_LENGTH_MAX} characters`;
    return { kind: "error", message };
  } catch (error) {
    return { kind: "error", message: messageOf(error) };
  }
}

function resultOf({ query, payload, variables }: XQueryJob): string {
  const context = parseDocument(payload);
  const values = Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, valueOf(value)]),
  );
  const results: unknown = evaluateXPath(
    query,
    context,
    boundedFacade(Infinity),
    values,
    evaluateXPath.ALL_RESULTS_TYPE,
    {
      language: evaluateXPath.XQUERY_3_1_LANGUAGE,
      // The tree of the payload's own library makes the new nodes.
      nodesFactory: context as never,
    },
  );
  const items = Array.isArray(results) ? (results as readonly unknown[]) : [results];
  return items.map(itemText).join("");
}

function valueOf(value: XQueryValue): unknown {
  if (value.kind === "plain") return value.value;
  const document = parseDocument(value.text);
  return value.kind === "element" ? rootOf(document) : document;
}

function itemText(item: unknown): string {
  if (typeof item !== "object" || item === null || !("nodeType" in item)) return String(item);
  const node = item as XmlNode;
  return isElement(node) || node.nodeType === 9 ? serializeNode(node) : textContentOf(node);
}
