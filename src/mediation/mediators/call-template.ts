/**
 * `call-template`: runs a sequence template with parameters of its own frame (InvokeMediator), so that templates may call
 * templates. Values are evaluated when the template is called; parameters that it does not declare are not seen.
 */
import { MediationFault } from "../mediation-fault.ts";
import { evaluateProperty } from "../message/expression.ts";
import type { Message } from "../message/message.ts";
import type { PropertyValue } from "../message/property-value.ts";
import { type KeyReference, keyOf } from "./key-reference.ts";
import type { Mediator } from "./mediator.ts";
import type { NamedValue } from "./named-value.ts";
import { runSequence } from "./sequence.ts";
import type { SequenceTemplate } from "./sequence-template.ts";

export interface CallTemplateOptions {
  readonly target: KeyReference;
  readonly parameters: readonly NamedValue[];
  /** Sequence for faults inside. */
  readonly onError: string | undefined;
}

export class CallTemplateMediator implements Mediator {
  readonly kind = "call-template";
  readonly #options: CallTemplateOptions;

  constructor(options: CallTemplateOptions) {
    this.#options = options;
  }

  async mediate(message: Message): Promise<boolean> {
    const { target, onError } = this.#options;
    const name = await keyOf(target, message);
    const template = message.environment.template(name);
    if (!template) throw new MediationFault(`Sequence template ${name} cannot be found.`);
    const frame = await this.#frame(template, message);
    const { sequence } = template;
    const called = onError === undefined ? sequence : { ...sequence, onError };
    return this.#run(called, frame, message);
  }

  async #run(
    sequence: SequenceTemplate["sequence"],
    frame: ReadonlyMap<string, PropertyValue>,
    message: Message,
  ): Promise<boolean> {
    message.templateFrames.push(frame);
    const leave = (left: Message): void => {
      if (left.templateFrames.at(-1) === frame) left.templateFrames.pop();
    };
    try {
      return await runSequence(sequence, message, leave);
    } finally {
      leave(message);
    }
  }

  async #frame(
    template: SequenceTemplate,
    message: Message,
  ): Promise<ReadonlyMap<string, PropertyValue>> {
    const frame = new Map<string, PropertyValue>();
    for (const { name, defaultValue, mandatory } of template.parameters) {
      const given = this.#options.parameters.find((parameter) => parameter.name === name);
      const value = given ? await valueOf(given, message) : defaultValue;
      if (value !== undefined) frame.set(name, value);
      else if (mandatory)
        throw new MediationFault(
          `The mandatory parameter ${name} of sequence template ${template.name} is not given`,
        );
    }
    return frame;
  }
}

async function valueOf(value: NamedValue, message: Message): Promise<PropertyValue> {
  return value.kind === "text" ? value.text : evaluateProperty(value.expression, message);
}
