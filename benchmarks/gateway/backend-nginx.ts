/** Debian's nginx on the load CPU, as the backends of both benchmarks run it: no log, and connections that stay. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Workplace } from "./workplace.ts";

export interface BackendSite {
  /** The folder that it may write into; made here. Absolute. */
  readonly home: string;
  /** nginx's size. */
  readonly bodyBufferSize: string;
  readonly defaultType: string;
  /** The `server` blocks. */
  readonly servers: string;
}

export function startBackendNginx(
  { processes, cpus }: Workplace,
  site: BackendSite,
): ReturnType<Workplace["processes"]["start"]> {
  const { home } = site;
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, "nginx.conf"), configuration(site));
  return processes.start({
    name: "the backend nginx",
    cpu: cpus.load,
    command: ["nginx", "-p", home, "-c", join(home, "nginx.conf"), "-e", join(home, "error.log")],
    logFile: join(home, "output.log"),
  });
}

function configuration({ bodyBufferSize, defaultType, servers }: BackendSite): string {
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
    client_body_buffer_size ${bodyBufferSize};
    default_type "${defaultType}";
    ${servers}
}
`;
}

/** Started by root, nginx would change to a user who may not write into the temporary folder. */
export function runAsRoot(): string {
  return process.getuid?.() === 0 ? "user root;\n" : "";
}
