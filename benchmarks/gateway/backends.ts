/**
 * What the proxies stand before: Debian's nginx on the load CPU with two ports that answer 41 bytes, serve
 * static files, set session cookies and tell what they were sent, and a WebSocket echo server.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
  mkdirSync(home);
  writeFileSync(join(home, "nginx.conf"), configuration(workplace, backends));
  const nginx = processes.start({
    name: "the backend nginx",
    cpu: cpus.load,
    command: ["nginx", "-p", home, "-c", join(home, "nginx.conf"), "-e", join(home, "error.log")],
    logFile: join(home, "output.log"),
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

function configuration({ folder }: Workplace, { http }: Backends): string {
  return `${runAsRoot()}daemon off;
worker_processes 1;
pid nginx.pid;
events { worker_connections 8192; }
http {
    access_log off;
    sendfile on;
    tcp_nopush on;
    open_file_cache max=100;
    keepalive_timeout 3600s;
    keepalive_time 24h;
    keepalive_requests 1000000000;
    client_body_buffer_size 64k;
    default_type text/plain;
    ${http.map((port, index) => server(port, smallBody(index + 1), folder)).join("\n    ")}
}
`;
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

/** Started by root, nginx would change to a user who may not write into the temporary folder. */
export function runAsRoot(): string {
  return process.getuid?.() === 0 ? "user root;\n" : "";
}
