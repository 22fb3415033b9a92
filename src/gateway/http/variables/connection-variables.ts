/** Variables of the client's connection (ngx_http_variables.c, ngx_http_ssl_module). */
import { isIPv4 } from "node:net";
import type { RequestContext } from "../request-context.ts";
import type { VariableRows } from "./variable-row.ts";

function binaryAddress(address: string): string {
  if (!isIPv4(address)) return address;
  return String.fromCharCode(...address.split(".").map(Number));
}

const tlsOf = (context: RequestContext) => context.exchange.connection.tls;

export const connectionVariables: VariableRows = {
  remote_addr: (context) => context.remoteAddress,
  binary_remote_addr: (context) => binaryAddress(context.remoteAddress),
  remote_port: (context) => (context.remotePort === 0 ? "" : String(context.remotePort)),
  realip_remote_addr: ({ exchange }) => exchange.connection.remoteAddress,
  realip_remote_port: ({ exchange }) => String(exchange.connection.remotePort),
  server_addr: ({ exchange }) => exchange.connection.localAddress,
  server_port: ({ exchange }) => String(exchange.connection.localPort),
  connection: ({ exchange }) => String(exchange.connection.number),
  connection_requests: ({ exchange }) => String(exchange.connection.requestNumber),
  scheme: (context) => (tlsOf(context) ? "https" : "http"),
  https: (context) => (tlsOf(context) ? "on" : ""),
  ssl_protocol: (context) => tlsOf(context)?.protocol ?? "",
  ssl_cipher: (context) => tlsOf(context)?.cipher ?? "",
  ssl_server_name: (context) => tlsOf(context)?.serverName ?? "",
  ssl_session_reused(context) {
    const tls = tlsOf(context);
    if (!tls) return "";
    return tls.resumed ? "r" : ".";
  },
};
