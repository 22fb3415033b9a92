/**
 * The certificates of a node while it runs: the public one, which browsers and clients see, and the node's internal one, which
 * other nodes ask for by INTERNAL_SERVER_NAME. Both can be replaced without closing a port: the next handshake gets the
 * new one, and connections that are open go on.
 */
import { createSecureContext, type SecureContext, type Server } from "node:tls";
import { identityFingerprint } from "./certificate-fingerprint.ts";
import { INTERNAL_SERVER_NAME } from "./node-certificate.ts";
import type { ServerIdentity } from "./tls-files.ts";

type Answer = (error: Error | null, context?: SecureContext) => void;

export class LiveIdentity {
  #public: ServerIdentity;
  #node: ServerIdentity | undefined;
  #nodeContext: SecureContext | undefined;
  #named:
    { readonly identity: ServerIdentity; readonly fingerprint: string | undefined } | undefined;
  readonly #handlers = new Set<() => void>();

  /** @param node undefined: the node is not registered, and the public certificate serves for both. */
  constructor(publicIdentity: ServerIdentity, node?: ServerIdentity) {
    this.#public = publicIdentity;
    this.#setNode(node);
  }

  /** What the node shows to other nodes, as a server and as a client. */
  get shown(): ServerIdentity {
    return this.#node ?? this.#public;
  }

  /** Of `shown`; what the node tells through membership. Worked out once: it takes a whole TLS socket. */
  get fingerprint(): string | undefined {
    const { shown } = this;
    if (this.#named?.identity !== shown)
      this.#named = { identity: shown, fingerprint: identityFingerprint(shown) };
    return this.#named.fingerprint;
  }

  /** For `createServer`, beside other options. */
  get serverOptions(): ServerIdentity & {
    readonly SNICallback: (name: string, done: Answer) => void;
  } {
    const SNICallback = (name: string, done: Answer): void =>
      done(null, name === INTERNAL_SERVER_NAME ? this.#nodeContext : undefined);
    return { ...this.#public, SNICallback };
  }

  /** Replaces the node's internal certificate. @throws OpenSSL's error; the old one stays. */
  replaceNode(node: ServerIdentity): void {
    this.#setNode(node);
    this.#tell();
  }

  /** Replaces the public certificate. @throws OpenSSL's error; the old one stays. */
  replacePublic(identity: ServerIdentity): void {
    createSecureContext(identity);
    this.#public = identity;
    this.#tell();
  }

  /** Keeps the public certificate of a server current until it closes. */
  attach(server: Server): void {
    let before = this.#public;
    const end = this.onChange(() => {
      if (this.#public === before) return;
      before = this.#public;
      server.setSecureContext(before);
    });
    server.once("close", end);
  }

  /** Returns the function that removes the handler. */
  onChange(handler: () => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  #setNode(node: ServerIdentity | undefined): void {
    this.#nodeContext = node && createSecureContext({ ...node, minVersion: "TLSv1.2" });
    this.#node = node;
  }

  #tell(): void {
    for (const handler of this.#handlers) handler();
  }
}
