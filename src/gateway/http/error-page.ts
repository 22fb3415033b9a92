/** The small HTML pages of errors and redirects, of nginx's form (ngx_http_special_response_handler). */
import { PRODUCT_VERSION } from "../../runtime/product.ts";
import { reasonOf } from "./status-reasons.ts";

/** `server_tokens`: on, off, and "build". */
export type ServerTokens = boolean | "build";
/** `server_signature`: the name that the gateway gives itself. */
export type Signature = "nginx" | "bascule";

/** The version of nginx whose language and behaviour the gateway follows. */
export const NGINX_VERSION = "1.31.4";

const VERSIONS: Readonly<Record<Signature, string>> = {
  nginx: NGINX_VERSION,
  bascule: PRODUCT_VERSION,
};

/** The value of `Server` and the last line of error pages. */
export function serverToken(tokens: ServerTokens, signature: Signature): string {
  return tokens === false ? signature : `${signature}/${VERSIONS[signature]}`;
}

/** Kinds of 400 that nginx numbers on its own. */
const BAD_REQUESTS: Readonly<Record<number, string>> = {
  494: "Request Header Or Cookie Too Large",
  495: "The SSL certificate error",
  496: "No required SSL certificate was sent",
  497: "The plain HTTP request was sent to HTTPS port",
};

/** The status that the client gets. */
export function sentStatusOf(status: number): number {
  return BAD_REQUESTS[status] === undefined ? status : 400;
}

/** A page for the status; nothing of the request stands in it. */
export function renderErrorPage(
  status: number,
  tokens: ServerTokens,
  signature: Signature,
): Buffer {
  // The page says "Found" where nginx's status line says "Moved Temporarily".
  const detail = BAD_REQUESTS[status];
  const reason = detail ?? (status === 302 ? "Found" : reasonOf(status));
  const title = `${sentStatusOf(status)} ${reason}`.trimEnd();
  const heading = detail === undefined ? title : "400 Bad Request";
  const lines = [
    "<html>",
    `<head><title>${title}</title></head>`,
    "<body>",
    `<center><h1>${heading}</h1></center>`,
    ...(detail === undefined ? [] : [`<center>${detail}</center>`]),
    `<hr><center>${serverToken(tokens, signature)}</center>`,
    "</body>",
    "</html>",
    "",
  ];
  return Buffer.from(lines.join("\r\n"));
}
