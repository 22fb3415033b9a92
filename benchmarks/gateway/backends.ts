/**
 * What the proxies stand before: Debian's nginx on the load CPU with two ports that answer 41 bytes, serve
 * static files, set session cookies and tell what they were sent, and a WebSocket echo server.
 */
import { join } from "node:path";
import { startBackendNginx } from "./backend-nginx.ts";
import { NODE } from "./machine.ts";
import type { Workplace } from "./workplace.ts";

export const SMALL_BYTES = 41;
/** Answers 41 bytes and sets the cookie of the session named in the query. */
export const LOGIN_PATH = "/login?id=";
/** Answers with the X-Forwarded and X-Real-IP headers that arrived. */
export const FORWARDED_PATH = "/forwarded";
export const ECHO_PATH = "/echo";
export const SESSION_COOKIE = "JSESSIONID";

export interface Backends {
  /** Two ports of one nginx. */
  readonly http: readonly [number, number];
  readonly echo: number;
}

/** The 41 bytes that the backend with this number answers. */
export function smallBody(number: number): string {
  return `the answer of backend ${number}`.padEnd(SMALL_BYTES, ".");
}

export async function startBackends(workplace: Workplace): Promise<Backends> {
  const { ports, processes, cpus, folder } = workplace;
  const backends: Backends = {
    http: [await ports.take(), await ports.take()],
    echo: await ports.take(),
  };
  const home = join(folder, "backends");
  const [first, second] = backends.http;
  const nginx = startBackendNginx(workplace, {
    home,
    bodyBufferSize: "64k",
    defaultType: "text/plain",
    servers: `${server(first, smallBody(1), folder)}\n    ${server(second, smallBody(2), folder)}`,
  });
  const echo = processes.start({
    name: "the WebSocket echo server",
    cpu: cpus.load,
    command: [NODE, join(import.meta.dirname, "programs", "echo-server.ts"), String(backends.echo)],
    logFile: join(home, "echo.log"),
  });
  await Promise.all([
    ...backends.http.map((port) => nginx.listening(port)),
    echo.listening(backends.echo),
  ]);
  return backends;
}

function server(port: number, body: string, folder: string): string {
  return `server {
        listen 127.0.0.1:${port};
        location / { return 200 "${body}"; }
        location = /login {
            add_header Set-Cookie "${SESSION_COOKIE}=$arg_id; Path=/";
            return 200 "${body}";
        }
        location = ${FORWARDED_PATH} {
            return 200 "$http_x_forwarded_for|$http_x_forwarded_proto|$http_x_real_ip";
        }
        location /static/ { alias ${join(folder, "www")}/; }
    }`;
}
