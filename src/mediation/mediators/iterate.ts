/**
 * `iterate`: a copy of the message for each element that an expression finds (IterateMediator): in XML the elements leave
 * the message and each copy has one of them, as its payload or, with preservePayload, at the attach path;
 * in JSON the same with the items of an array.
 */
import type { Expression } from "../message/expression.ts";
import { MediationFault } from "../mediation-fault.ts";
import type { Message } from "../message/message.ts";
import { jsonPayload, type Payload } from "../message/payload-builder.ts";
import { bodyOf } from "../xml/soap.ts";
import { appendCopy, elementsOf, isElement, rootOf, type XmlElementNode } from "../xml/dom.ts";
import { jsonItems, type JsonLocation, withJsonAt } from "../xml/json-location.ts";
import { detachNodes } from "../xml/detach-nodes.ts";
import type { XPathValue } from "../xml/xpath.ts";
import type { Mediator } from "./mediator.ts";
import { runSplit, type Split, type SplitOptions } from "./split.ts";
import type { Target } from "./target.ts";

export interface IterateOptions extends SplitOptions {
  readonly expression: Expression;
  /** Each copy keeps what is around the element. */
  readonly preservePayload: boolean;
  /** Where the element stands then. Undefined: the envelope; in JSON the whole payload. */
  readonly attachPath: AttachPath | undefined;
  readonly target: Target;
}

/** `location` is there when the path is a JSONPath that names one place. */
export interface AttachPath {
  readonly expression: Expression;
  readonly location: JsonLocation | undefined;
}

type CopyMaker = Pick<Split, "count" | "copy">;

export class IterateMediator implements Mediator {
  readonly kind = "iterate";
  readonly #options: IterateOptions;

  constructor(options: IterateOptions) {
    this.#options = options;
  }

  async mediate(message: Message): Promise<boolean> {
    const base = await message.fork();
    const result = await this.#options.expression.evaluate(base);
    const maker =
      result.kind === "json"
        ? await this.#jsonCopies(base, jsonItems(result.hits))
        : await this.#xmlCopies(base, result.value);
    if (maker.count === 0) return this.#options.continueParent;
    const split = { ...maker, target: () => this.#options.target };
    return runSplit(message, split, this.#options);
  }

  async #jsonCopies(base: Message, items: ReturnType<typeof jsonItems>): Promise<CopyMaker> {
    const { preservePayload, attachPath } = this.#options;
    const around = await base.payload();
    if (preservePayload && attachPath && !attachPath.location) throw unattachable(attachPath);
    const location = preservePayload ? (attachPath?.location ?? []) : [];
    return {
      count: items.length,
      async copy(index) {
        const copy = await base.fork();
        const item = items[index] ?? null;
        const value = around.kind === "json" ? withJsonAt(around.value, location, item) : item;
        copy.replacePayload(jsonPayload(JSON.stringify(value)));
        return copy;
      },
    };
  }

  async #xmlCopies(base: Message, value: XPathValue): Promise<CopyMaker> {
    const nodes = typeof value === "object" ? value : [];
    if (nodes.length === 0) return { count: 0, copy: () => base.fork() };
    const rest = (await base.payload()).kind === "json" || base.isRest;
    const envelope = await base.envelope();
    detachNodes(nodes);
    const payload: Payload = { kind: "envelope", envelope, rest };
    base.body.replace(payload);
    await this.#attachPoint(base);
    return {
      count: nodes.length,
      copy: async (index) => {
        const copy = await base.fork();
        const node = nodes[index];
        if (node) appendCopy(await this.#attachPoint(copy), node);
        return copy;
      },
    };
  }

  /** The element of a message that gets the iterated one. @throws MediationFault when the attach path finds none. */
  async #attachPoint(message: Message): Promise<XmlElementNode> {
    const { preservePayload, attachPath } = this.#options;
    const envelope = await message.editableEnvelope();
    if (!preservePayload) {
      const body = bodyOf(envelope);
      const [first] = elementsOf(body);
      if (first) body.removeChild(first);
      return body;
    }
    if (!attachPath) return rootOf(envelope);
    const found = await attachPath.expression.evaluate(message);
    const node =
      found.kind === "xpath" && typeof found.value === "object" ? found.value[0] : undefined;
    if (node && isElement(node)) return node;
    throw unattachable(attachPath);
  }
}

function unattachable(path: AttachPath): MediationFault {
  return new MediationFault(
    `Error in attaching the splitted elements :: Unable to get the attach path specified by the expression ${path.expression.source}`,
  );
}
