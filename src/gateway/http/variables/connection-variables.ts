/** Variables of the client's connection (ngx_http_variables.c); those of TLS are in ssl-variables.ts. */
import { isIPv4 } from "node:net";
import { activeCount } from "../connection-counts.ts";
import type { RequestContext } from "../request-context.ts";
import { formatSeconds } from "./time-formats.ts";
import type { VariableRows } from "./variable-row.ts";

function binaryAddress(address: string): string {
  if (!isIPv4(address)) return address;
  return String.fromCharCode(...address.split(".").map(Number));
}

const text = (value: number | undefined): string => (value === undefined ? "" : String(value));

const tlsOf = (context: RequestContext) => context.exchange.connection.tls;

export const connectionVariables: VariableRows = {
  remote_addr: (context) => context.remoteAddress,
  binary_remote_addr: (context) => binaryAddress(context.remoteAddress),
  remote_port: (context) => (context.remotePort === 0 ? "" : String(context.remotePort)),
  realip_remote_addr: ({ exchange }) => exchange.connection.remoteAddress,
  realip_remote_port: ({ exchange }) => String(exchange.connection.remotePort),
  proxy_protocol_addr: ({ exchange }) => exchange.connection.proxyProtocol?.address ?? "",
  proxy_protocol_port: ({ exchange }) => text(exchange.connection.proxyProtocol?.port),
  proxy_protocol_server_addr: ({ exchange }) =>
    exchange.connection.proxyProtocol?.serverAddress ?? "",
  proxy_protocol_server_port: ({ exchange }) => text(exchange.connection.proxyProtocol?.serverPort),
  server_addr: ({ exchange }) => exchange.connection.localAddress,
  server_port: ({ exchange }) => String(exchange.connection.localPort),
  connection: ({ exchange }) => String(exchange.connection.number),
  connections_active: (context) => String(activeCount(context.connectionCounts)),
  connections_reading: (context) => String(context.connectionCounts.reading),
  connections_writing: (context) => String(context.connectionCounts.writing),
  connections_waiting: (context) => String(context.connectionCounts.waiting),
  connection_time: ({ clock, exchange }) =>
    formatSeconds(Math.max(0, clock.monotonicMs() - exchange.connection.openedMs)),
  connection_requests: ({ exchange }) => String(exchange.requestNumber),
  scheme: (context) => (tlsOf(context) ? "https" : "http"),
  https: (context) => (tlsOf(context) ? "on" : ""),
};
