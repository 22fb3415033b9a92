/**
 * What a gateway tells in its own member record about the workers behind it: the live revision, once it sends requests to
 * nobody who runs another one (the manager's deploys wait for that), and the sessions bound to workers that drain.
 */
import {
  type BoundSessions,
  formatSessions,
  isSessionsProperty,
  type SessionCount,
  sessionsProperty,
} from "../cluster/bound-sessions.ts";
import type { Membership } from "../cluster/cluster.ts";
import { messageOf } from "../errors/app-error.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { NodeSessions } from "../gateway/upstream/upstream.ts";
import type { Log } from "../observability/log.ts";
import type { Clock, Timer } from "../runtime/clock.ts";
import type { Closable } from "../runtime/lifecycle.ts";

/** Between two counts: each walks through all sessions, and news of it goes to every member. */
export const COUNT_INTERVAL_MS = 2_000;
/** Members whose sessions are told at a time: the record of a member is small. */
const DRAINING_MAX = 8;

export interface GatewayReportsOptions {
  readonly cluster: Pick<Membership, "self" | "members" | "update">;
  /** Undefined: it has not started yet. */
  readonly gateway: () => Pick<Gateway, "isOnLive" | "boundTo"> | undefined;
  /** The revision that is live, as far as this gateway knows. */
  readonly live: () => string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export class GatewayReports implements Closable {
  readonly #options: GatewayReportsOptions;
  #timer: Timer | undefined;
  #draining = "";
  #isClosed = false;

  constructor(options: GatewayReportsOptions) {
    this.#options = options;
  }

  /** To be called after each change of the membership or of the configuration, when the upstreams know of it. */
  look(): void {
    if (this.#isClosed || !this.#options.gateway()) return;
    this.#confirm();
    this.#watchDraining();
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    return Promise.resolve();
  }

  #confirm(): void {
    const { cluster, gateway, live } = this.#options;
    const revision = live();
    if (revision === undefined || cluster.self.revision === revision) return;
    if (gateway()?.isOnLive) cluster.update({ revision });
  }

  /** A member that begins or ends to drain is told of at once; in between the counts follow the timer. */
  #watchDraining(): void {
    const draining = this.#drainingNodes();
    const described = draining.join(",");
    if (described === this.#draining) return;
    this.#draining = described;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#publish(draining);
    if (draining.length === 0) return;
    const count = (): void => this.#publish(this.#drainingNodes());
    this.#timer = this.#options.clock.every(COUNT_INTERVAL_MS, count);
  }

  #drainingNodes(): readonly string[] {
    const members = this.#options.cluster.members();
    const draining = members.filter(({ role, state }) => role === "worker" && state === "draining");
    return draining.map(({ name }) => name).slice(0, DRAINING_MAX);
  }

  #publish(nodes: readonly string[]): void {
    const { cluster, gateway, log } = this.#options;
    const before = cluster.self.properties;
    const bound = nodes.length === 0 ? [] : (gateway()?.boundTo(new Set(nodes)) ?? []);
    const counts = Object.fromEntries(
      nodes.map((node) => [sessionsProperty(node), formatSessions(sessionsOf(node, bound))]),
    );
    const others = Object.entries(before).filter(([name]) => !isSessionsProperty(name));
    const properties = { ...Object.fromEntries(others), ...counts };
    if (isSame(before, properties)) return;
    try {
      cluster.update({ properties });
    } catch (error) {
      log.warn(`The sessions of draining workers cannot be told: ${messageOf(error)}`);
    }
  }
}

function sessionsOf(node: string, all: readonly NodeSessions[]): BoundSessions {
  const its = all.filter((entry) => entry.node === node);
  return {
    own: countOf(its.filter(({ isShared }) => !isShared)),
    shared: countOf(its.filter(({ isShared }) => isShared)),
    isUnknown: its.some(({ bound }) => bound === undefined),
  };
}

/** The zones of one gateway together. */
function countOf(zones: readonly NodeSessions[]): SessionCount {
  const oldestMs = Math.max(0, ...zones.map(({ bound }) => bound?.oldestMs ?? 0));
  return {
    count: zones.reduce((sum, { bound }) => sum + (bound?.count ?? 0), 0),
    oldestS: Math.floor(oldestMs / 1000),
  };
}

function isSame(
  left: Readonly<Record<string, string>>,
  right: Readonly<Record<string, string>>,
): boolean {
  const names = Object.keys(left);
  return (
    names.length === Object.keys(right).length && names.every((name) => left[name] === right[name])
  );
}
