/**
 * The thread that queries: fontoxpath over the engine's own trees, one job after the other, started and ended by
 * `xquery-runner.ts`. A thread of its own, because neither the time nor the memory of a query can be bounded from
 * inside: a loop over numbers, a recursion or a regular expression ends with the thread.
 */
import { parentPort } from "node:worker_threads";
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

// eslint-disable-next-line import/no-named-as-default-member
const { evaluateXPath } = fontoxpath;

function run({ query, payload, variables }: XQueryJob): string {
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

function answer(job: XQueryJob): XQueryAnswer {
  try {
    return { kind: "text", text: run(job) };
  } catch (error) {
    return { kind: "error", message: messageOf(error) };
  }
}

parentPort?.on("message", (job: XQueryJob) => {
  // A thread has no origin: the rule means windows of browsers.
  // eslint-disable-next-line unicorn/require-post-message-target-origin
  parentPort?.postMessage(answer(job));
});
