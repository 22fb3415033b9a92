/** http-proxy-3, the baseline in JavaScript. It binds no sessions: requests go round. */
import { join } from "node:path";
import { NODE } from "../machine.ts";
import type { Proxy } from "./proxy.ts";

export const httpProxy3: Proxy = {
  name: "http-proxy-3",
  stickiness: "none, requests go round",
  learns: false,
  prepare({ port, backends, tls, workplace }) {
    return [
      NODE,
      join(import.meta.dirname, "..", "programs", "node-proxy.ts"),
      String(port),
      String(backends.echo),
      tls ? workplace.certificateFile : "-",
      tls ? workplace.keyFile : "-",
      ...backends.http.map(String),
    ];
  },
};
