/** What the services call: Debian's nginx on the load CPU, which answers at once with a message of the request's size. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runAsRoot } from "../gateway/backends.ts";
import type { Workplace } from "../gateway/workplace.ts";
import { orderOf, SIZES } from "./messages.ts";

export interface Backend {
  readonly plain: number;
  readonly secure: number;
}

export async function startBackend(workplace: Workplace): Promise<Backend> {
  const { ports, processes, cpus, folder } = workplace;
  const backend: Backend = { plain: await ports.take(), secure: await ports.take() };
  const home = join(folder, "backend");
  mkdirSync(home);
  for (const [name, bytes] of SIZES) writeFileSync(join(home, name), orderOf(bytes));
  writeFileSync(join(home, "nginx.conf"), configuration(workplace, backend, home));
  const nginx = processes.start({
    name: "the backend nginx",
    cpu: cpus.load,
    command: ["nginx", "-p", home, "-c", join(home, "nginx.conf"), "-e", join(home, "error.log")],
    logFile: join(home, "output.log"),
  });
  await nginx.listening(backend.plain);
  return backend;
}

/** A file answers POST with 405, which is made a 200 with the file. */
function configuration(
  { certificateFile, keyFile }: Workplace,
  { plain, secure }: Backend,
  home: string,
): string {
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
    client_body_buffer_size 256k;
    default_type "text/xml; charset=UTF-8";
    server {
        listen 127.0.0.1:${plain};
        listen 127.0.0.1:${secure} ssl;
        ssl_certificate ${certificateFile};
        ssl_certificate_key ${keyFile};
        root ${home};
        error_page 405 =200 $uri;
    }
}
`;
}
