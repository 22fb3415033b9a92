/**
 * What mediators may ask the engine for: the artifacts of their generation, the log, the clock and the way to
 * endpoints. Keys are resolved when a message needs them, as Synapse does: a missing artifact is a fault of
 * that message, not of the deployment.
 */
import type { Log } from "../../observability/log.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Endpoint } from "../endpoints/endpoint.ts";
import type { EndpointStates } from "../endpoints/endpoint-states.ts";
import type { EndpointTemplate } from "../endpoints/endpoint-template.ts";
import type { EndpointCaller } from "../engine.ts";
import type { Sequence } from "../mediators/mediator.ts";
import type { SequenceTemplate } from "../mediators/sequence-template.ts";
import type { ScriptSandbox } from "../script/script-sandbox.ts";
import type { SqlPort } from "../sql/sql-port.ts";
import type { Outcomes } from "../outcomes.ts";
import type { SharedState } from "../shared-state.ts";
import type { MessageStore } from "../stores/message-store.ts";
import type { LocalEntry } from "./local-entry.ts";
import type { TraceRing } from "../trace/trace-ring.ts";

export interface Environment {
  /** Faults and what the engine itself has to say. */
  readonly log: Log;
  /** Where the log mediator writes. */
  readonly mediatorLog: Log;
  readonly clock: Clock;
  readonly systemProperties: Readonly<Record<string, string>>;
  readonly callEndpoint: EndpointCaller;
  /** Largest body that is read into memory, in bytes. Undefined: BODY_BYTES_MAX of message-body.ts. */
  readonly bodyBytesMax?: number | undefined;
  /** Undefined: nothing is traced. */
  readonly traces?: TraceRing | undefined;
  /** A new "urn:uuid:.." for a message. */
  readonly newMessageId: () => string;
  /** A named sequence, or a local entry that holds one. */
  sequence(key: string): Sequence | undefined;
  /** A named endpoint, or a local entry that holds one. */
  endpoint(key: string): Endpoint | undefined;
  /** A named template of endpoints. */
  endpointTemplate(name: string): EndpointTemplate | undefined;
  /** The state of endpoints; of the node, not of the generation. */
  readonly endpointStates: EndpointStates;
  /** What mediators of the generation share. */
  readonly shared: SharedState;
  /** Counts the messages of services. */
  readonly outcomes: Outcomes;
  /** Databases of dblookup and dbreport. Undefined: there are none here. */
  readonly sql?: SqlPort | undefined;
  /** Where scripts run. */
  readonly scripts: ScriptSandbox;
  /** A sequence template. */
  template(name: string): SequenceTemplate | undefined;
  /** A message store by its name. */
  store(name: string): MessageStore | undefined;
  localEntry(key: string): LocalEntry | undefined;
  /** A local entry, or a registry resource ("conf:/a.xslt"): stylesheets, schemas, scripts, formats. */
  resource(key: string): LocalEntry | undefined;
}
