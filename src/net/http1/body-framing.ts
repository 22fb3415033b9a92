/**
 * Where the body of a request ends (RFC 9112 6.3): its length, chunked coding, or no body; a fault where two
 * parties could see two ends, in the words of ngx_http_process_request_header.
 */
import { firstValue, valuesOf } from "./header-field.ts";
import type { HeadFault, RequestHead } from "./request-head.ts";

export type BodyFraming =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "fault"; readonly fault: HeadFault };

const NONE: BodyFraming = { kind: "none" };

/** The framing of the request with this head. */
export function requestFraming(head: RequestHead): BodyFraming {
  if (firstValue(head.fields, "transfer-encoding") !== undefined) return codedFraming(head);
  const lengths = valuesOf(head.fields, "content-length");
  const [length] = lengths;
  if (length === undefined) return NONE;
  if (lengths.length > 1) return fault(400, 'client sent duplicate "Content-Length" header');
  const bytes = Number(length);
  if (!/^\d+$/.test(length) || !Number.isSafeInteger(bytes)) {
    return fault(400, 'client sent invalid "Content-Length" header');
  }
  return bytes === 0 ? NONE : { kind: "length", bytes };
}

function codedFraming({ version, fields }: RequestHead): BodyFraming {
  const codings = valuesOf(fields, "transfer-encoding");
  if (version === "1.0") {
    return fault(400, 'client sent HTTP/1.0 request with "Transfer-Encoding" header');
  }
  if (firstValue(fields, "content-length") !== undefined) {
    return fault(
      400,
      'client sent "Content-Length" and "Transfer-Encoding" headers at the same time',
    );
  }
  if (codings.length > 1) return fault(400, 'client sent duplicate "Transfer-Encoding" header');
  if (codings[0]?.toLowerCase() === "chunked") return { kind: "chunked" };
  return fault(501, 'client sent unknown "Transfer-Encoding"');
}

function fault(status: number, what: string): BodyFraming {
  return {
    kind: "fault",
    fault: { status, sentence: `${what} while reading client request headers` },
  };
}
