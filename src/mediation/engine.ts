/**
 * What the rest of the program sees of the mediation engine. The engine is a library without sockets:
 * the worker hands it requests (`handle`) and the means to call endpoints (`EndpointCaller`).
 * An `Engine` is one immutable generation, compiled from one set of artifact files; a deploy makes
 * a new one beside it and the worker switches by one assignment.
 */
import type { Readable } from "node:stream";
import type { ConfigProblem } from "../errors/config-error.ts";
import type { Log } from "../observability/log.ts";
import type { JobLease } from "./jobs/job.ts";
import type { Clock } from "../runtime/clock.ts";

/** One file of the deployment repository. */
export interface ArtifactFile {
  /** Path in the repository with "/", for example "synapse-configs/default/proxy-services/P.xml". */
  readonly path: string;
  readonly content: Buffer;
}

export type ArtifactKind =
  | "proxy-service"
  | "sequence"
  | "endpoint"
  | "local-entry"
  | "api"
  | "template"
  | "task"
  | "message-store"
  | "message-processor"
  | "inbound-endpoint"
  | "priority-executor"
  | "registry-resource";

/** One artifact of a compiled generation, for lists and logs. */
export interface ArtifactSummary {
  readonly kind: ArtifactKind;
  readonly name: string;
  readonly path: string;
}

/** Headers in the order of arrival, names as they came; repeated names stay repeated. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

export type Transport = "http" | "https";

/** Starts of service addresses, "http://host:port": the listener's own, or its WSDLEPRPrefix. */
export type AddressPrefixes = Readonly<Partial<Record<Transport, string>>>;

export interface ServiceRequest {
  readonly method: string;
  /** Path and query as received, for example "/services/P?wsdl". */
  readonly target: string;
  readonly headers: HeaderList;
  /** Undefined: the request has no body. Never read when no mediator or endpoint needs it parsed. */
  readonly body: Readable | undefined;
  readonly transport: Transport;
  readonly remoteAddress: string;
  /** Where services can be reached, for each transport that the node listens on. */
  readonly addressPrefixes: AddressPrefixes;
}

export interface ServiceResponse {
  readonly status: number;
  readonly reason?: string;
  readonly headers: HeaderList;
  readonly body: Readable | Buffer | undefined;
}

/** A request that the engine wants to have sent to an endpoint. */
export interface EndpointRequest {
  readonly method: string;
  /** Absolute http or https URL. */
  readonly url: string;
  readonly headers: HeaderList;
  readonly body: Readable | Buffer | undefined;
  /** Until the head of the response is there. Undefined: the caller's default (120 s). */
  readonly timeoutMs: number | undefined;
}

export interface EndpointResponse {
  readonly status: number;
  readonly reason: string;
  readonly headers: HeaderList;
  readonly body: Readable;
}

/**
 * Sends one request to an endpoint. Rejects with an `EndpointFailure` when there is no response.
 * The engine reads the body to its end or destroys it.
 */
export type EndpointCaller = (request: EndpointRequest) => Promise<EndpointResponse>;

export interface EngineOptions {
  readonly log: Log;
  readonly callEndpoint: EndpointCaller;
  /** Who does jobs that one node at a time may do. Default: this node does all. */
  readonly lease?: JobLease;
  /** Value of the "system" property scope. */
  readonly systemProperties: Readonly<Record<string, string>>;
  /** For SYSTEM_DATE and SYSTEM_TIME. Default: the clock of the machine. */
  readonly clock?: Clock;
  /** A new message id of the form "urn:uuid:..". Default: random. */
  readonly newMessageId?: () => string;
}

/** Either a whole generation, or everything that is wrong with the files. */
export type CompileResult =
  | {
      readonly kind: "compiled";
      readonly engine: Engine;
      readonly warnings: readonly ConfigProblem[];
    }
  | { readonly kind: "faulty"; readonly problems: readonly ConfigProblem[] };

export interface Engine {
  readonly artifacts: readonly ArtifactSummary[];
  /** Answers one request. Never rejects: what goes wrong becomes a response, as the semantics say. */
  handle(request: ServiceRequest): Promise<ServiceResponse>;
  /** Starts what runs by itself: tasks, message processors, inbound endpoints. The generation is the current one now. */
  activate(): Promise<void>;
  /** Stops what runs by itself and waits for it; messages in progress go on. Safe without `activate`. */
  retire(): Promise<void>;
}
