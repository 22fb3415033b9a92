/**
 * What mediators may ask the engine for: the artifacts of their generation, the log, the clock and the way to
 * endpoints. Keys are resolved when a message needs them, as Synapse does: a missing artifact is a fault of
 * that message, not of the deployment.
 */
import type { Log } from "../../observability/log.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Endpoint } from "../endpoints/endpoint.ts";
import type { EndpointCaller } from "../engine.ts";
import type { Sequence } from "../mediators/mediator.ts";
import type { LocalEntry } from "./local-entry.ts";

export interface Environment {
  /** Faults and what the engine itself has to say. */
  readonly log: Log;
  /** Where the log mediator writes. */
  readonly mediatorLog: Log;
  readonly clock: Clock;
  readonly systemProperties: Readonly<Record<string, string>>;
  readonly callEndpoint: EndpointCaller;
  /** A new "urn:uuid:.." for a message. */
  readonly newMessageId: () => string;
  /** A named sequence, or a local entry that holds one. */
  sequence(key: string): Sequence | undefined;
  /** A named endpoint, or a local entry that holds one. */
  endpoint(key: string): Endpoint | undefined;
  localEntry(key: string): LocalEntry | undefined;
  /** A local entry, or a registry resource ("conf:/a.xslt"): stylesheets, schemas, scripts, formats. */
  resource(key: string): LocalEntry | undefined;
}
