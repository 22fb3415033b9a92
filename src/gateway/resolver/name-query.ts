/**
 * One name and type asked for until somebody answers: the servers in turn, each for five seconds, and on along aliases
 * that come without their addresses. Ends only with an answer or when the caller gives up (ngx_resolver_resend,
 * ngx_resolver_process_a).
 */
import type { Clock } from "../../runtime/clock.ts";
import type { ListenAddress } from "../http/listen-address.ts";
import { type DnsQuestion, type DnsReply, isDnsName } from "./dns-message.ts";
import type { DnsNetwork } from "./dns-network.ts";
import { type DataRecord, HOST_NOT_FOUND, type NameFailure, readRecords } from "./name-answer.ts";

/** How long one server is waited for. */
const RESEND_MS = 5_000;
/** Most replies that one name is followed through. */
const ALIAS_HOPS_MAX = 16;
const FORMAT_ERROR = 1;

export interface NameQueryOptions {
  readonly clock: Clock;
  readonly network: DnsNetwork;
  readonly servers: readonly ListenAddress[];
  /** Place of the server that is asked first. */
  readonly first: number;
  /** Aborts when nobody waits any more; the query then ends with a rejection. */
  readonly signal: AbortSignal;
}

export type QueryAnswer =
  | NameFailure
  | {
      readonly kind: "records";
      readonly records: readonly DataRecord[];
      readonly ttlSeconds: number;
    };

export class NameQuery {
  readonly #options: NameQueryOptions;
  #server: number;

  constructor(options: NameQueryOptions) {
    this.#options = options;
    this.#server = options.first;
  }

  /** @throws Error when the signal aborts. */
  async run(question: DnsQuestion): Promise<QueryAnswer> {
    let { name } = question;
    let ttlSeconds = Infinity;
    for (let hop = 0; hop < ALIAS_HOPS_MAX && isDnsName(name); hop++) {
      const asked = { ...question, name };
      const { code, records } = await this.#reply(asked);
      if (code !== 0) return { kind: "failure", code };
      const found = readRecords(records, asked);
      ttlSeconds = Math.min(ttlSeconds, found.ttlSeconds);
      if (found.records.length > 0) return { kind: "records", records: found.records, ttlSeconds };
      if (found.target === name) break;
      name = found.target;
    }
    return { kind: "failure", code: HOST_NOT_FOUND };
  }

  async #reply(question: DnsQuestion): Promise<DnsReply> {
    const { servers, signal } = this.#options;
    for (let tries = 1; ; tries++) {
      const server = servers[this.#server % servers.length];
      const reply = server && (await this.#try(server, question, tries % servers.length !== 0));
      signal.throwIfAborted();
      if (reply) return reply;
      this.#server++;
    }
  }

  /**
   * Undefined: the server says nothing of use. A server that refuses is left at once for one that was not asked
   * yet; when all have refused, the time is waited for, so that nobody is asked in a hurry.
   */
  async #try(
    server: ListenAddress,
    question: DnsQuestion,
    mayHurry: boolean,
  ): Promise<DnsReply | undefined> {
    const { clock, network, signal } = this.#options;
    const overdue = new AbortController();
    const waited = Promise.withResolvers<undefined>();
    const giveUp = (): void => {
      waited.resolve(undefined);
      overdue.abort();
    };
    const timer = clock.after(RESEND_MS, giveUp);
    signal.addEventListener("abort", giveUp);
    try {
      const asking = network.ask(server, question, overdue.signal).catch(() => undefined);
      const reply = await Promise.race([asking, waited.promise]);
      if (reply && reply.code !== FORMAT_ERROR) return reply;
      if (!mayHurry) await waited.promise;
      return undefined;
    } finally {
      timer.cancel();
      signal.removeEventListener("abort", giveUp);
    }
  }
}
