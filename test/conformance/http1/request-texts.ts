/** The bytes of requests, a character each, for the tables of smuggling. Every line has its own line end. */

/** What is wrong or doubtful with the bytes. */
export type Row = readonly [attack: string, name: string, bytes: string];

export const HIDDEN = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";
export const CHUNKED_BODY = "5\r\nhello\r\n0\r\n\r\n";
export const SMUGGLING_BODY = `0\r\n\r\n${HIDDEN}`;

/** POST with these lines, each with its own line end. */
export function post(lines: string, body: string, version = "1.1"): string {
  return `POST / HTTP/${version}\r\nHost: a\r\n${lines}\r\n${body}`;
}

export function chunked(body: string): string {
  return post("Transfer-Encoding: chunked\r\n", body);
}

export function get(lines: string, target = "/"): string {
  return `GET ${target} HTTP/1.1\r\n${lines}\r\n`;
}

export const COUNT = HIDDEN.length;
