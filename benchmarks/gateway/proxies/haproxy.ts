/**
 * Debian's haproxy with one thread and the same headers. A stick-table that learns from the response's cookie
 * and is asked with the request's is what `sticky learn` is in nginx.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ECHO_PATH, SESSION_COOKIE } from "../backends.ts";
import { openFilesMax } from "../machine.ts";
import type { Proxy, ProxyPlace } from "./proxy.ts";

export const haproxy: Proxy = {
  name: "haproxy",
  stickiness: "stick-table that learns from the response's cookie",
  learns: true,
  prepare(place) {
    const file = join(place.home, "haproxy.cfg");
    writeFileSync(file, configuration(place));
    return ["haproxy", "-db", "-f", file];
  },
};

function configuration(place: ProxyPlace): string {
  const tls = place.tls ? ` ssl crt ${place.workplace.pemFile}` : "";
  return `global
    nbthread 1
    maxconn ${Math.min(openFilesMax() - 1_000, 16_384)}
    no strict-limits
defaults
    mode http
    option http-keep-alive
    http-reuse always
    timeout connect 60s
    timeout client 600s
    timeout server 600s
    timeout tunnel 600s
    timeout http-keep-alive 600s
frontend front
    bind 127.0.0.1:${place.port}${tls}
    option forwardfor
    http-request set-header X-Real-IP %[src]
    http-request set-header X-Forwarded-Proto ${place.tls ? "https" : "http"}
    use_backend echo if { path ${ECHO_PATH} }
    default_backend backends
backend backends
    balance roundrobin
    ${place.sticky ? stickTable() : ""}
    ${place.backends.http.map((port) => `server b${port} 127.0.0.1:${port} pool-max-conn 64`).join("\n    ")}
backend echo
    server echo 127.0.0.1:${place.backends.echo}
`;
}

function stickTable(): string {
  return `stick-table type string len 32 size 200k expire 6h
    stick store-response res.cook(${SESSION_COOKIE})
    stick match req.cook(${SESSION_COOKIE})`;
}
