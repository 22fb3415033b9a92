/**
 * A light load on kept connections through a gateway, at a steady rate, that asks every answer for its revision. A request that
 * hangs holds up no other. Tests look at the answers between two moments.
 */
import { Agent } from "node:http";
import { request } from "./http-request.ts";

export interface LoadAnswer {
  readonly begunMs: number;
  readonly endedMs: number;
  /** 0: there was none, `failure` says why. */
  readonly status: number;
  readonly revision: string | undefined;
  readonly failure: string | undefined;
}

const CONNECTIONS_MAX = 64;
const ANSWER_MS_MAX = 20_000;

export class RevisionLoad {
  readonly answers: LoadAnswer[] = [];
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS_MAX });
  readonly #open = new Set<Promise<void>>();
  readonly #timer: ReturnType<typeof setInterval>;

  /** Begins at once: a request every `gapMs`. */
  constructor(url: string, gapMs: number) {
    this.#url = url;
    this.#timer = setInterval(() => this.#begin(), gapMs);
  }

  /** Answers to requests that began at or after that moment of `performance.now()`. */
  since(ms: number): readonly LoadAnswer[] {
    return this.answers.filter(({ begunMs }) => begunMs >= ms);
  }

  /** All that was no 200 with a revision, in words. */
  get failures(): readonly string[] {
    return this.answers
      .filter(({ status, revision }) => status !== 200 || revision === undefined)
      .map(({ status, failure, revision }) => `${status} ${failure ?? revision ?? "no revision"}`);
  }

  /** Begins no more, and waits for those that are open. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
    this.#agent.destroy();
  }

  #begin(): void {
    if (this.#open.size >= CONNECTIONS_MAX) return;
    const asked = this.#ask().finally(() => this.#open.delete(asked));
    this.#open.add(asked);
  }

  async #ask(): Promise<void> {
    const begunMs = performance.now();
    const headers = { "X-Bascule-Revision": "?" };
    const options = { headers, agent: this.#agent, timeoutMs: ANSWER_MS_MAX };
    const answer = await request(this.#url, options).then(
      (reply) => ({
        status: reply.status,
        revision: textOf(reply.headers["x-bascule-revision"]),
        failure: undefined,
      }),
      (error: Error) => ({ status: 0, revision: undefined, failure: error.message }),
    );
    this.answers.push({ begunMs, endedMs: performance.now(), ...answer });
  }
}

function textOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === "string" ? value : value?.join(" and ");
}
