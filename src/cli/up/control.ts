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

  /**
   * Listens on `path`, which makes this process the only `up` of its DIR; a socket that a killed process left
   * behind is replaced. Undefined: another process answers there.
   */
  static async claim(path: string, actions: ControlActions): Promise<ControlServer | undefined> {
    const server = createServer((incoming, response) => {
      const action = `${incoming.method} ${incoming.url}`;
      if (action === "GET /status") response.end(JSON.stringify(actions.status()));
      else if (action === "POST /down") response.end("{}", () => actions.down());
      else response.writeHead(404).end();
    });
    const isClaimed = (await tryListen(server, path)) || (await replaceStale(server, path));
    return isClaimed ? new ControlServer(server, path) : undefined;
  }

  close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    rmSync(this.#path, { force: true });
    return promise;
  }
}

/** False: the path is taken. */
async function tryListen(server: Server, path: string): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const onError = (error: Error): void => {
    const code = systemCodeOf(error);
    const reason = `the control socket ${path} cannot be made (${code ?? error.message})`;
    if (code === "EADDRINUSE") resolve(false);
    else reject(new AppError("HOME_INVALID", reason, { side: "config", cause: error }));
  };
  server.once("error", onError);
  server.listen(path, () => {
    chmodSync(path, 0o600);
    resolve(true);
  });
  const isListening = await promise;
  server.off("error", onError);
  return isListening;
}

/** False: the socket is not stale, somebody answers. */
async function replaceStale(server: Server, path: string): Promise<boolean> {
  if ((await askControl(path, "GET", "/status")) !== undefined) return false;
  rmSync(path, { force: true });
  return tryListen(server, path);
}

const ASK_MS_MAX = 5_000;
/** The last one: it ends at this very moment, as after `down`. */
const NOBODY_CODES: readonly string[] = ["ENOENT", "ECONNREFUSED", "ENOTDIR", "ECONNRESET"];

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
    if (code !== undefined && NOBODY_CODES.includes(code)) return undefined;
    throw new AppError("INTERNAL", `the running \`bascule up\` does not answer on ${path}`, {
      cause,
    });
  }
}
