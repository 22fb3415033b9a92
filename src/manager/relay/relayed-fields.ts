/**
 * Which header fields cross the relay, in both directions: lists of what may, since what must not is endless. A client's
 * cookies and credentials never reach a node; a node, which may have been taken over, can set no cookie on the
 * manager's origin, send nobody elsewhere, and show nothing that a browser would run.
 */
import type { IncomingHttpHeaders } from "node:http";

const WEB_SOCKET_REQUEST = [
  "sec-websocket-key",
  "sec-websocket-version",
  "sec-websocket-extensions",
  "sec-websocket-protocol",
] as const;

const WEB_SOCKET_ANSWER = [
  "connection",
  "upgrade",
  "sec-websocket-accept",
  "sec-websocket-extensions",
  "sec-websocket-protocol",
] as const;

/** Of a plain request. */
export function requestFields({ accept }: IncomingHttpHeaders): IncomingHttpHeaders {
  return accept === undefined ? {} : { accept };
}

/** Of the request for a WebSocket. */
export function upgradeFields(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return {
    connection: "Upgrade",
    upgrade: "websocket",
    ...pick(headers, WEB_SOCKET_REQUEST),
  };
}

/** Of a node's 101. */
export function switchFields(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return pick(headers, WEB_SOCKET_ANSWER);
}

/** Of a node's answer; anything but JSON is shown as plain text. */
export function answerFields(headers: IncomingHttpHeaders): Record<string, string> {
  const isJson = /^application\/json\b/i.test(headers["content-type"] ?? "");
  const length = headers["content-length"];
  return {
    "content-type": isJson ? "application/json" : "text/plain; charset=utf-8",
    "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    ...(length !== undefined && { "content-length": length }),
  };
}

function pick(headers: IncomingHttpHeaders, names: readonly string[]): IncomingHttpHeaders {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = headers[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
