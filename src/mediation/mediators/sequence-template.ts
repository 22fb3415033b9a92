/** Sequence templates: sequences with parameters (TemplateMediator). `call-template` runs them. */
import type { Sequence } from "./mediator.ts";

export interface TemplateParameter {
  readonly name: string;
  /** What stands in when a call does not give it. */
  readonly defaultValue: string | undefined;
  /** A call without it is a fault, unless there is a default. */
  readonly mandatory: boolean;
}

export interface SequenceTemplate {
  readonly name: string;
  readonly parameters: readonly TemplateParameter[];
  readonly sequence: Sequence;
}
