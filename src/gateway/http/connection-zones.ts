/**
 * How many requests are in progress for each key (ngx_http_limit_conn_module): each zone keeps as many keys as its size
 * in bytes gives room for. Counts survive a reload, because the requests they count do.
 */
import type { Template } from "../nginx/template.ts";

export interface ConnectionZoneConfig {
  readonly name: string;
  readonly key: Template;
  readonly sizeBytes: number;
}

/** What nginx needs for one key, so that sizes of zones mean about the same. */
const NODE_BYTES = 64;

export class ConnectionZone {
  readonly config: ConnectionZoneConfig;
  readonly #counts: Map<string, number>;

  /** @param previous the zone of the same name before a reload. */
  constructor(config: ConnectionZoneConfig, previous?: ConnectionZone) {
    this.config = config;
    this.#counts = previous ? previous.#counts : new Map();
  }

  /** Keys with a request in progress. */
  get size(): number {
    return this.#counts.size;
  }

  /**
   * Counts one more request of the key.
   * @returns what takes it out again; undefined: there are `max` already, or the zone has no room.
   */
  enter(key: string, max: number): (() => void) | undefined {
    const counts = this.#counts;
    const count = counts.get(key) ?? 0;
    const isFull = count === 0 && counts.size >= Math.floor(this.config.sizeBytes / NODE_BYTES);
    if (count >= max || isFull) return undefined;
    counts.set(key, count + 1);
    return () => {
      const left = (counts.get(key) ?? 1) - 1;
      if (left === 0) counts.delete(key);
      else counts.set(key, left);
    };
  }
}

/** The zones of a configuration. */
export class ConnectionZones {
  readonly #zones: ReadonlyMap<string, ConnectionZone>;

  constructor(configs: readonly ConnectionZoneConfig[], previous?: ConnectionZones) {
    this.#zones = new Map(
      configs.map((config) => {
        const before = previous?.find(config.name);
        const isSame = before?.config.key.text === config.key.text;
        return [config.name, new ConnectionZone(config, isSame ? before : undefined)];
      }),
    );
  }

  find(name: string): ConnectionZone | undefined {
    return this.#zones.get(name);
  }
}
