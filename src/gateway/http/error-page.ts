/** The small HTML pages of errors and redirects, of nginx's form (ngx_http_special_response_handler). */
import { PRODUCT_VERSION } from "../../runtime/product.ts";
import { reasonOf } from "./status-reasons.ts";

/** The value of `Server` and the last line of error pages. `tokens`: `server_tokens`. */
export function serverToken(tokens: boolean): string {
  return tokens ? `bascule/${PRODUCT_VERSION}` : "bascule";
}

/** A page for the status; nothing of the request stands in it. */
export function renderErrorPage(status: number, tokens: boolean): Buffer {
  // The page says "Found" where nginx's status line says "Moved Temporarily".
  const title = `${status} ${status === 302 ? "Found" : reasonOf(status)}`.trimEnd();
  const lines = [
    "<html>",
    `<head><title>${title}</title></head>`,
    "<body>",
    `<center><h1>${title}</h1></center>`,
    `<hr><center>${serverToken(tokens)}</center>`,
    "</body>",
    "</html>",
    "",
  ];
  return Buffer.from(lines.join("\r\n"));
}
