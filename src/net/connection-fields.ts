/**
 * Header fields that concern one connection only (RFC 9110, section 7.6.1) and are never passed on by whoever
 * forwards a message: the gateway, and workers in both directions.
 */

/** In lower case. */
export const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
