/**
 * Requests that two readers could read in two ways, by the class of attack that they stand for (RFC 9112 11.2). For each:
 * the status with which it is refused, or what a strict peer is to see of it.
 */

import {
  CHUNKED_BODY,
  chunked,
  COUNT,
  get,
  HIDDEN,
  post,
  type Row,
  SMUGGLING_BODY,
} from "./request-texts.ts";
import { REFUSED_400, REFUSED_501 } from "./refused-requests.ts";

/** What the peer sees of a request. */
export interface Forwarded {
  readonly method: string;
  readonly target: string;
  readonly body: string;
  /** Default: "a". */
  readonly host?: string;
}

export interface SmugglingCase {
  readonly attack: string;
  readonly name: string;
  /** All bytes, a character each; GET /sentinel is sent behind them. */
  readonly bytes: string;
  readonly outcome:
    | { readonly kind: "refused"; readonly status: number }
    /** `closes`: the connection ends with the last response, the sentinel is not read. */
    | {
        readonly kind: "forwarded";
        readonly requests: readonly Forwarded[];
        readonly closes: boolean;
      };
}

const REFUSED: readonly (readonly [status: number, rows: readonly Row[]])[] = [
  [400, REFUSED_400],
  [501, REFUSED_501],
  [
    405,
    [
      ["tunnel", "CONNECT", "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n"],
      ["request line", "TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"],
    ],
  ],
  [505, [["request line", "preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]]],
];

const HELLO: Forwarded = { method: "POST", target: "/", body: "hello" };
const PLAIN: Forwarded = { method: "GET", target: "/", body: "" };
const HIDDEN_SEEN: Forwarded = { method: "GET", target: "/hidden", body: "" };

type ForwardedRow = readonly [...Row, requests: readonly Forwarded[]];

const FORWARDED: readonly ForwardedRow[] = [
  [
    "CL",
    "second request inside the body",
    post(`Content-Length: ${COUNT}\r\n`, HIDDEN),
    [{ ...HELLO, body: HIDDEN }],
  ],
  [
    "CL",
    "GET with a body that is a request",
    `GET / HTTP/1.1\r\nHost: a\r\nContent-Length: ${COUNT}\r\n\r\n${HIDDEN}`,
    [{ ...PLAIN, body: HIDDEN }],
  ],
  [
    "CL",
    "DELETE with a body in chunks that is a request",
    `DELETE / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${COUNT.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`,
    [{ method: "DELETE", target: "/", body: HIDDEN }],
  ],
  [
    "CL",
    "length of zero, then a request of its own",
    post("Content-Length: 0\r\n", HIDDEN),
    [{ ...HELLO, body: "" }, HIDDEN_SEEN],
  ],
  [
    "CL",
    "no length at all, then a request of its own",
    post("", HIDDEN),
    [{ ...HELLO, body: "" }, HIDDEN_SEEN],
  ],
  ["CL", "zeros before", post("Content-Length: 005\r\n", "hello"), [HELLO]],
  ["CL", "blanks around", post("Content-Length:\t5 \t\r\n", "hello"), [HELLO]],
  [
    "CL",
    "name with an underscore is another field",
    post("Content_Length: 50\r\nContent-Length: 5\r\n", "hello"),
    [HELLO],
  ],
  [
    "CL",
    "named by Connection",
    post("Connection: Content-Length\r\nContent-Length: 5\r\n", "hello"),
    [HELLO],
  ],
  [
    "TE",
    "named by Connection",
    post("Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n", CHUNKED_BODY),
    [HELLO],
  ],
  ["TE", "upper case", post("TRANSFER-ENCODING: CHUNKED\r\n", CHUNKED_BODY), [HELLO]],
  ["TE", "tab before the value", post("Transfer-Encoding:\tchunked\r\n", CHUNKED_BODY), [HELLO]],
  ["TE", "blank behind the value", post("Transfer-Encoding: chunked \r\n", CHUNKED_BODY), [HELLO]],
  [
    "TE",
    "name with an underscore is another field",
    post("Transfer_Encoding: chunked\r\nContent-Length: 5\r\n", "hello"),
    [HELLO],
  ],
  [
    "TE",
    "last chunk, then a request of its own",
    chunked(SMUGGLING_BODY),
    [{ ...HELLO, body: "" }, HIDDEN_SEEN],
  ],
  [
    "TE",
    "field TE is not the framing",
    post("TE: chunked\r\nContent-Length: 5\r\n", "hello"),
    [HELLO],
  ],
  ["chunk size", "zeros before", chunked("0000005\r\nhello\r\n0\r\n\r\n"), [HELLO]],
  ["chunk size", "several zeros end the body", chunked("5\r\nhello\r\n000\r\n\r\n"), [HELLO]],
  ["chunk size", "blank behind", chunked("5 \t\r\nhello\r\n0\r\n\r\n"), [HELLO]],
  [
    "chunk extension",
    "with value and quotes",
    chunked('5;a="b;c"\r\nhello\r\n0;x\r\n\r\n'),
    [HELLO],
  ],
  ["chunk extension", "ended by a bare LF", chunked("5;a\nhello\r\n0\r\n\r\n"), [HELLO]],
  ["chunk data", "ended by a bare LF", chunked("5\nhello\n0\n\n"), [HELLO]],
  [
    "chunk data",
    "ends with CR before a bare LF",
    chunked("6\r\nhello\r\n0\r\n\r\n"),
    [{ ...HELLO, body: "hello\r" }],
  ],
  [
    "chunk data",
    "looks like the last chunk and a request",
    chunked(`${SMUGGLING_BODY.length.toString(16)}\r\n${SMUGGLING_BODY}\r\n0\r\n\r\n`),
    [{ ...HELLO, body: SMUGGLING_BODY }],
  ],
  [
    "trailer",
    "repeats framing and Host",
    chunked(
      "5\r\nhello\r\n0\r\nContent-Length: 50\r\nTransfer-Encoding: chunked\r\nHost: b\r\n\r\n",
    ),
    [HELLO],
  ],
  [
    "line ends",
    "bare LF everywhere",
    "POST / HTTP/1.1\nHost: a\nContent-Length: 5\n\nhello",
    [HELLO],
  ],
  [
    "line ends",
    "bare LF and CRLF by turns",
    "POST / HTTP/1.1\r\nHost: a\nContent-Length: 5\r\n\nhello",
    [HELLO],
  ],
  ["line ends", "empty lines before the request", `\r\n\n\r\n${get("Host: a\r\n")}`, [PLAIN]],
  ["line ends", "line end behind a body", `${post("Content-Length: 5\r\n", "hello")}\r\n`, [HELLO]],
  [
    "target",
    "absolute, with another Host",
    get("Host: b\r\n", "http://a/x"),
    [{ ...PLAIN, target: "/x" }],
  ],
  [
    "target",
    "encoded line ends",
    get("Host: a\r\n", "/%0d%0aX:%20y"),
    [{ ...PLAIN, target: "/%0d%0aX:%20y" }],
  ],
  ["Host", "named by Connection", get("Connection: Host\r\nHost: a\r\n"), [PLAIN]],
  ["Host", "upper case", get("HOST: A\r\n"), [PLAIN]],
  [
    "tunnel",
    "upgrade to h2c",
    get(
      "Host: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
    ),
    [PLAIN],
  ],
];

/** The connection ends behind these. */
const FORWARDED_LAST: readonly ForwardedRow[] = [
  ["Host", "none in HTTP/1.0", "GET / HTTP/1.0\r\nX: y\r\n\r\n", [{ ...PLAIN, host: "gateway" }]],
  [
    "1.0 CL",
    "second request behind the body",
    post("Content-Length: 5\r\n", `hello${HIDDEN}`, "1.0"),
    [HELLO],
  ],
  [
    "CL",
    "second request behind Connection: close",
    post("Content-Length: 5\r\nConnection: close\r\n", `hello${HIDDEN}`),
    [HELLO],
  ],
];

function forwardedCases(rows: readonly ForwardedRow[], closes: boolean): readonly SmugglingCase[] {
  return rows.map(([attack, name, bytes, requests]) => {
    return { attack, name, bytes, outcome: { kind: "forwarded", requests, closes } };
  });
}

export const SMUGGLING_CASES: readonly SmugglingCase[] = [
  ...REFUSED.flatMap(([status, rows]) =>
    rows.map(([attack, name, bytes]): SmugglingCase => {
      return { attack, name, bytes, outcome: { kind: "refused", status } };
    }),
  ),
  ...forwardedCases(FORWARDED, false),
  ...forwardedCases(FORWARDED_LAST, true),
];
