/** What a peer gets as the body of a request: the client's, stored or as it comes, what stands for it, or none. */
import type { ClientConnection } from "../../../net/http1/client-connection.ts";
import type { BodyFault } from "../../../net/http1/request-body.ts";
import { SpooledBody } from "../../spool/spooled-body.ts";
import type { TempFiles } from "../../spool/temp-file.ts";
import type { RequestContext } from "../request-context.ts";
import { type BodySender, StoredBodySender, StreamedBodySender } from "./body-sender.ts";
import type { BodyLength } from "./request-text.ts";

export interface OutgoingBody {
  readonly length: BodyLength;
  readonly sender: BodySender | undefined;
  /** It goes to this peer as it comes: no other can get it. */
  readonly isStreamed: boolean;
}

export interface OutgoingBodyOptions {
  /** Of `client_body_temp_path`. */
  readonly files: TempFiles;
  readonly onFault: (fault: BodyFault) => void;
  readonly onTooLarge: () => void;
  readonly onDiskFault: (error: unknown) => void;
}

export const NO_BODY: OutgoingBody = { length: undefined, sender: undefined, isStreamed: false };

/** The whole body is read before the first peer is asked. */
export function storesBody(context: RequestContext): boolean {
  const { proxy } = context.location.settings;
  if (proxy.requestBuffering || proxy.body || !proxy.passRequestBody) return true;
  // HTTP/1.0 has no way to mark the end of a body whose length is not known.
  return proxy.httpVersion === "1.0" && declaredLength(context) === undefined;
}

/** The body for one try. */
export function outgoingBody(
  context: RequestContext,
  peer: ClientConnection,
  options: OutgoingBodyOptions,
): OutgoingBody {
  const { body: replacement, passRequestBody } = context.location.settings.proxy;
  const { requestBody, exchange } = context;
  if (replacement) {
    const bytes = Buffer.from(replacement.evaluate(context), "latin1");
    return stored(peer, memoryBody(bytes, options), options);
  }
  if (!exchange.body || !passRequestBody) return NO_BODY;
  if (requestBody) return stored(peer, requestBody, options);
  if (context.isBodySpent) return NO_BODY;
  const length = declaredLength(context);
  const sender = new StreamedBodySender(peer, exchange.body, {
    isChunked: length === undefined,
    bytesMax: context.location.settings.core.bodyBytesMax,
    keptBytesMax: context.location.settings.clientBody.bodyBufferBytes,
    onKept: (bytes) => {
      context.requestBody = memoryBody(bytes, options);
    },
    onFault: (fault) => (fault === "too large" ? options.onTooLarge() : options.onFault(fault)),
  });
  context.isBodySpent = true;
  return { length: length ?? "chunked", sender, isStreamed: true };
}

function stored(
  peer: ClientConnection,
  body: SpooledBody,
  { onDiskFault }: OutgoingBodyOptions,
): OutgoingBody {
  const sender = new StoredBodySender(peer, body, onDiskFault);
  return { length: body.byteCount, sender, isStreamed: false };
}

function memoryBody(bytes: Buffer, { files }: OutgoingBodyOptions): SpooledBody {
  const body = new SpooledBody({ files, memoryBytes: bytes.length });
  void body.append(bytes);
  void body.seal();
  return body;
}

/** What the client's head says; undefined: the body is chunked. */
function declaredLength({ exchange }: RequestContext): number | undefined {
  const field = exchange.head.fields.find(([name]) => name.toLowerCase() === "content-length");
  return field && Number(field[1]);
}
