/** What all proxied requests of a cycle share: connections to peers, what was worked out once, temporary files. */
import type { SocketReads } from "../../../net/http1/shared-reads.ts";
import type { TimerWheel } from "../../../net/http1/timer-wheel.ts";
import type { LocationConfig } from "../../gateway-config.ts";
import { TempFiles } from "../../spool/temp-file.ts";
import { PeerConnections } from "./peer-connections.ts";
import { PeerTlsFactory } from "./peer-tls.ts";
import { ProxyPlans } from "./proxy-plan.ts";

export class ProxyServices {
  /** The time-outs of all connections. */
  readonly wheel: TimerWheel;
  readonly connections: PeerConnections;
  readonly peerTls = new PeerTlsFactory();
  readonly plans = new ProxyPlans();
  /** By folder. */
  readonly #files: Map<string, TempFiles>;

  /** @param files of the cycle before, so that the numbers of files go on. */
  constructor(wheel: TimerWheel, reads: SocketReads, before?: ProxyServices) {
    this.wheel = wheel;
    this.connections = new PeerConnections(wheel, reads);
    this.#files = before ? before.#files : new Map();
  }

  /** Of `client_body_temp_path`. */
  bodyFiles({ settings }: LocationConfig): TempFiles {
    return this.#filesIn(settings.clientBody.tempPath);
  }

  /** Of `proxy_temp_path`. */
  responseFiles({ settings }: LocationConfig): TempFiles {
    return this.#filesIn(settings.proxy.tempPath);
  }

  #filesIn(directory: string): TempFiles {
    const known = this.#files.get(directory);
    if (known) return known;
    const files = new TempFiles(directory);
    this.#files.set(directory, files);
    return files;
  }
}
