/**
 * Connections to the management port of one node, by TLS with certificates on both sides. Who signed them does not matter,
 * for nodes may have certificates of several authorities or of their own: the node must show the very certificate
 * that it tells through membership, and the manager shows its own, which the node looks up in the same way. A registered
 * node must show one that the internal authority has made for it, whatever a member of its name tells; one that was
 * withdrawn never counts.
 */
import { Agent } from "node:https";
import type { Duplex } from "node:stream";
import { connect, type TLSSocket } from "node:tls";
import { fingerprintOf } from "../../net/tls/certificate-fingerprint.ts";
import { INTERNAL_SERVER_NAME } from "../../net/tls/node-certificate.ts";
import type { ServerIdentity } from "../../net/tls/tls-files.ts";
import type { TrustView } from "../../net/trust/trust-view.ts";
import type { Clock } from "../../runtime/clock.ts";

/** For the connection and its handshake together. */
const CONNECT_MS_MAX = 5_000;

export interface PinnedAgentOptions {
  /** The node's, as it is registered. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** What the certificate of a node that is not registered must have. */
  readonly fingerprint: string;
  /** The manager's own. */
  readonly identity: ServerIdentity;
  readonly clock: Clock;
  /** Undefined: nothing is registered, only the fingerprint counts. */
  readonly trust: TrustView | undefined;
  /** Connections are kept for the next request; who made the agent lets it go when a certificate counts no more. Default: false. */
  readonly keepsAlive?: boolean;
}

type Connected = (error: Error | null, socket: Duplex) => void;

/** Connections kept open to one node. */
const KEPT_MAX = 4;

/** Keeps no connection alive, unless asked to, and resumes no TLS session: the certificates are looked at with each connection. */
export class PinnedAgent extends Agent {
  readonly #options: PinnedAgentOptions;

  constructor(options: PinnedAgentOptions) {
    const keepAlive = options.keepsAlive ?? false;
    super({ keepAlive, maxFreeSockets: KEPT_MAX, maxCachedSessions: 0 });
    this.#options = options;
  }

  /** Connects to the node whatever the request says; nothing is sent before the certificate was compared. */
  override createConnection(_request: unknown, done?: Connected): undefined {
    const { host, port, identity, clock } = this.#options;
    const socket = connect({
      ...identity,
      host,
      port,
      servername: INTERNAL_SERVER_NAME,
      minVersion: "TLSv1.2",
      // Compared by fingerprint in the place of a chain.
      rejectUnauthorized: false,
    });
    const late = clock.after(CONNECT_MS_MAX, () => socket.destroy(new Error("no answer in time")));
    const onError = (error: Error): void => {
      late.cancel();
      done?.(error, socket);
    };
    socket.once("error", onError);
    socket.once("secureConnect", () => {
      late.cancel();
      if (this.#isRight(socket)) {
        socket.off("error", onError);
        done?.(null, socket);
      } else socket.destroy(new Error("another certificate than the node tells"));
    });
    return undefined;
  }

  #isRight(socket: TLSSocket): boolean {
    const { fingerprint, trust, name } = this.#options;
    const certificate = socket.getPeerX509Certificate();
    if (!certificate) return false;
    const shown = fingerprintOf(certificate);
    if (trust?.isRevoked(shown)) return false;
    if (trust?.isRegistered(name)) return trust.certified(certificate)?.name === name;
    return shown === fingerprint;
  }
}
