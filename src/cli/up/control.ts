/**
 * How `bascule down` and `bascule status` reach a running `bascule up`: HTTP over a Unix socket in DIR that
 * only its owner may open. GET /status answers the status document, POST /down asks for an orderly stop.
 */
import { chmodSync, rmSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import { AppError, systemCodeOf } from "../../errors/app-error.ts";
import type { Closable } from "../../runtime/lifecycle.ts";

export interface ControlActions {
  /** The JSON document of `bascule status --json`. */
  readonly status: () => object;
  /** Asks for a stop; the answer is sent before it begins. */
  readonly down: () => void;
}

export class ControlServer implements Closable {
  readonly #server: Server;
  readonly #path: string;

  private constructor(server: Server, path: string) {
    this.#server = server;
    this.#path = path;
  }

  /** Listens on `path`; a socket that a killed process left behind is replaced. The caller has made sure that nobody answers there. */
  static async start(path: string, actions: ControlActions): Promise<ControlServer> {
    rmSync(path, { force: true });
    const server = createServer((incoming, response) => {
      const action = `${incoming.method} ${incoming.url}`;
      if (action === "GET /status") response.end(JSON.stringify(actions.status()));
      else if (action === "POST /down") response.end("{}", () => actions.down());
      else response.writeHead(404).end();
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once("error", reject);
    server.listen(path, resolve);
    await promise;
    chmodSync(path, 0o600);
    return new ControlServer(server, path);
  }

  close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    rmSync(this.#path, { force: true });
    return promise;
  }
}

const ASK_MS_MAX = 5_000;

/** Asks the running `up`; undefined when none runs. The answer is the parsed JSON document. */
export async function askControl(
  path: string,
  method: "GET" | "POST",
  target: string,
): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const outgoing = request({ socketPath: path, method, path: target, timeout: ASK_MS_MAX });
  outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer within ${ASK_MS_MAX} ms`)));
  outgoing.on("error", reject);
  outgoing.on("response", (response) => {
    response
      .setEncoding("utf8")
      .toArray()
      .then((chunks) => resolve(chunks.join("")), reject);
  });
  outgoing.end();
  try {
    return JSON.parse(await promise);
  } catch (cause) {
    const code = systemCodeOf(cause);
    if (code === "ENOENT" || code === "ECONNREFUSED") return undefined;
    throw new AppError("INTERNAL", `the running \`bascule up\` does not answer on ${path}`, {
      cause,
    });
  }
}
