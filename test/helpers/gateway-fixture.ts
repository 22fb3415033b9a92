/** A gateway of its own for a test: temporary folder, free ports, back ends that say who they are. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Gateway, type GatewayOptions, startGateway } from "../../src/gateway/gateway.ts";
import { loadGatewayConfig } from "../../src/gateway/nginx/load-config.ts";
import type { CertificateAndKey } from "../../src/net/tls/local-certificates.ts";
import { systemClock } from "../../src/runtime/clock.ts";

/** A TCP port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const server = createServer();
  server.once("error", reject);
  server.listen(0, "127.0.0.1", () => {
    const { port } = server.address() as AddressInfo;
    server.close(() => resolve(port));
  });
  return promise;
}

export interface Backend extends AsyncDisposable {
  readonly port: number;
  readonly server: http.Server;
  /** Heads of the requests that came, as "METHOD target". */
  readonly seen: string[];
}

type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void;

/** Listens on a free port (or `port`); without `handler` it answers with `name`. */
export async function startBackend(
  name: string,
  options: {
    readonly handler?: Handler;
    readonly tls?: CertificateAndKey;
    readonly port?: number;
  } = {},
): Promise<Backend> {
  const seen: string[] = [];
  const handler: Handler = (request, response) => {
    seen.push(`${request.method} ${request.url}`);
    if (options.handler) options.handler(request, response);
    else request.resume().once("end", () => response.end(name));
  };
  const { tls } = options;
  const server = tls
    ? https.createServer({ cert: tls.certificate, key: tls.key }, handler)
    : http.createServer(handler);
  const listening = Promise.withResolvers<void>();
  server.listen(options.port ?? 0, "127.0.0.1", listening.resolve);
  await listening.promise;
  const { port } = server.address() as AddressInfo;
  return {
    port,
    server,
    seen,
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      await closed.promise;
    },
  };
}

export class GatewayFixture implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), "bascule-gateway-"));
  #gateway: Gateway | undefined;

  get gateway(): Gateway {
    if (!this.#gateway) throw new Error("the gateway is not started");
    return this.#gateway;
  }

  write(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  /** The text of a log file. */
  read(name: string): string {
    return readFileSync(join(this.folder, name), "utf8");
  }

  /** Writes the inside of `http { }` and reads it as the configuration. */
  load(inside: string, main = "error_log error.log info;") {
    const file = this.write(
      "gateway.conf",
      `${main}\nhttp {\naccess_log access.log;\n${inside}\n}\n`,
    );
    return loadGatewayConfig({ file, prefix: this.folder });
  }

  async start(inside: string, options: Partial<GatewayOptions> = {}): Promise<Gateway> {
    const config = await this.load(inside);
    const stderr = { write: () => {} };
    this.#gateway = await startGateway({ config, clock: systemClock, stderr, ...options });
    return this.#gateway;
  }

  reload(inside: string): Promise<void> {
    return this.gateway.reload(() => this.load(inside));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#gateway?.terminate();
    rmSync(this.folder, { recursive: true, force: true });
    return Promise.resolve();
  }
}

/** Waits until `holds` is true; fails after five seconds. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const endMs = Date.now() + 5_000;
  while (!holds()) {
    if (Date.now() > endMs) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
