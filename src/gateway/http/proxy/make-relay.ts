/**
 * The way of a response's body to the client: buffered or not, and at which pace, as the location and the peer's
 * X-Accel-Buffering and X-Accel-Limit-Rate say.
 */
import type { ClientConnection } from "../../../net/http1/client-connection.ts";
import type { PeerHead } from "../../../net/http1/peer-head.ts";
import type { OverflowLimits } from "../../spool/overflow-queue.ts";
import { obeyLimitRate, responsePace, sizeFor } from "../modules/limit-rate.ts";
import { Pace } from "../pace.ts";
import { PacedTarget } from "../paced-body.ts";
import type { RequestContext } from "../request-context.ts";
import { PacedRelay } from "./paced-relay.ts";
import {
  type BodyRelay,
  type RelayOptions,
  type RelayPeer,
  ResponseRelay,
} from "./response-relay.ts";

/** The relay of a response, with the pace that the client or the peer is held to. */
export function makeRelay(
  context: RequestContext,
  connection: ClientConnection,
  options: RelayOptions,
): BodyRelay {
  const pace = responsePace(context);
  const target = pace ? new PacedTarget(context.exchange, pace) : context.exchange;
  const rate = options.buffers ? sizeFor(context, context.location.settings.proxy.limitRate) : 0;
  if (rate === 0) return new ResponseRelay(target, connection, options);
  const make = (peer: RelayPeer) => new ResponseRelay(target, peer, options);
  return new PacedRelay(connection, new Pace(context.wheel, { rate }), make);
}

/** Takes note of what the peer asks for. @returns undefined: the response is not buffered. */
export function buffersFor(context: RequestContext, head: PeerHead): OverflowLimits | undefined {
  const { buffersBytes, tempFileBytesMax } = context.location.settings.proxy;
  if (!obeyPeer(context, head)) return undefined;
  return { memoryBytes: buffersBytes, fileBytesMax: tempFileBytesMax };
}

/** @returns `proxy_buffering`, unless the peer says otherwise for this response. */
function obeyPeer(context: RequestContext, { fields }: PeerHead): boolean {
  const { buffering, ignoredHeaders } = context.location.settings.proxy;
  let isBuffered = buffering;
  for (const [name, value] of fields) {
    if (name.length !== BUFFERING.length && name.length !== LIMIT_RATE.length) continue;
    const lower = name.toLowerCase();
    if (lower === LIMIT_RATE) obeyLimitRate(context, fields);
    if (lower !== BUFFERING || ignoredHeaders.includes(BUFFERING)) continue;
    if (/^(?:yes|no)$/i.test(value)) isBuffered = value.toLowerCase() === "yes";
  }
  return isBuffered;
}

const BUFFERING = "x-accel-buffering";
const LIMIT_RATE = "x-accel-limit-rate";
