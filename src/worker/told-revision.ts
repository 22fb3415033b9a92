/**
 * Tells a client that asks for it which revision has answered: a request with the header X-Bascule-Revision, of any
 * value, gets the commit of the generation that it came under. Back ends see nothing of it.
 */
import type { Engine, HeaderList, ServiceRequest, ServiceResponse } from "../mediation/engine.ts";
import { firstValue, lowerNameOf } from "../net/http1/header-field.ts";
import type { Generation } from "./generation-maker.ts";

export const REVISION_HEADER = "X-Bascule-Revision";
const LOWER_NAME = REVISION_HEADER.toLowerCase();

type Handles = Pick<Engine, "handle">;

/** The engine of a generation, made once for it; a request that does not ask costs a look at its header names. */
export class TellingEngine implements Handles {
  readonly #engine: Handles;
  readonly #revision: string;

  constructor({ engine, revision }: Generation) {
    this.#engine = engine;
    this.#revision = revision;
  }

  handle(request: ServiceRequest): Promise<ServiceResponse> {
    const isAsked = firstValue(request.headers, LOWER_NAME) !== undefined;
    return isAsked ? this.#handleTelling(request) : this.#engine.handle(request);
  }

  async #handleTelling(request: ServiceRequest): Promise<ServiceResponse> {
    const headers = withoutRevision(request.headers);
    const answer = await this.#engine.handle({ ...request, headers });
    const told = [REVISION_HEADER, this.#revision, LOWER_NAME] as const;
    return { ...answer, headers: [...withoutRevision(answer.headers), told] };
  }
}

function withoutRevision(headers: HeaderList): HeaderList {
  return headers.filter((field) => lowerNameOf(field) !== LOWER_NAME);
}
