/** Reason phrases in nginx's words (ngx_http_status_lines), and Node's for the codes that nginx has none for. */
import { STATUS_CODES } from "node:http";

const NGINX_REASONS: Readonly<Record<number, string>> = {
  302: "Moved Temporarily",
  405: "Not Allowed",
  408: "Request Time-out",
  413: "Request Entity Too Large",
  414: "Request-URI Too Large",
  416: "Requested Range Not Satisfiable",
  503: "Service Temporarily Unavailable",
  504: "Gateway Time-out",
};

/** "Bad Gateway" for 502; "" for a code that nobody knows. */
export function reasonOf(status: number): string {
  return NGINX_REASONS[status] ?? STATUS_CODES[status] ?? "";
}
