/**
 * The configuration that nginx and the gateway share, word for word but for the lines that bind sessions.
 * Buffering, buffer sizes and time-outs are nginx's defaults.
 */
import { join } from "node:path";
import { runAsRoot } from "../backend-nginx.ts";
import { ECHO_PATH } from "../backends.ts";
import { openFilesMax } from "../machine.ts";
import type { ProxyPlace } from "./proxy.ts";

/** @param stickyLine goes into the upstream block, before its servers; may be empty. */
export function nginxConfiguration(place: ProxyPlace, stickyLine: string): string {
  const { backends, workplace, home } = place;
  return `${runAsRoot()}daemon off;
worker_processes 1;
worker_rlimit_nofile ${Math.min(openFilesMax(), 65_536)};
pid ${join(home, "nginx.pid")};
error_log ${join(home, "error.log")} error;
events { worker_connections ${Math.min(openFilesMax(), 16_384)}; }
http {
    access_log off;
    keepalive_timeout 600s;
    keepalive_time 24h;
    keepalive_requests 1000000000;
    client_body_temp_path ${join(home, "client_body_temp")};
    proxy_temp_path ${join(home, "proxy_temp")};
    upstream backends {
        ${stickyLine}
        ${backends.http.map((port) => `server 127.0.0.1:${port};`).join("\n        ")}
        keepalive 64;
        keepalive_time 24h;
        keepalive_requests 1000000000;
    }
    upstream echo {
        server 127.0.0.1:${backends.echo};
    }
    server {
        listen 127.0.0.1:${place.port}${place.tls ? " ssl" : ""};
        server_name localhost;
        ${place.tls ? tlsLines(workplace.certificateFile, workplace.keyFile) : ""}
        proxy_http_version 1.1;
        location / {
            proxy_pass http://backends;
            proxy_set_header Host $host;
            proxy_set_header Connection "";
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
        }
        location = ${ECHO_PATH} {
            proxy_pass http://echo;
            proxy_set_header Host $host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection upgrade;
        }
    }
}
`;
}

function tlsLines(certificateFile: string, keyFile: string): string {
  return `ssl_certificate ${certificateFile};
        ssl_certificate_key ${keyFile};
        ssl_protocols TLSv1.2 TLSv1.3;`;
}
