/**
 * What the rest of the program sees of the mediation engine. The engine is a library without sockets:
 * the worker hands it requests (`handle`) and the means to call endpoints (`EndpointCaller`).
 * An `Engine` is one immutable generation, compiled from one set of artifact files; a deploy makes
 * a new one beside it and the worker switches by one assignment.
 */
import type { ConfigProblem } from "../errors/config-error.ts";
import type { ByteStream } from "../net/byte-stream.ts";
import type { Log } from "../observability/log.ts";
import type { EndpointStates } from "./endpoints/endpoint-states.ts";
import type { InboundDoors } from "./jobs/inbound-doors.ts";
import type { JobLease } from "./jobs/job.ts";
import type { JobMemory } from "./jobs/job-memory.ts";
import type { SqlPort } from "./sql/sql-port.ts";
import type { TraceRing } from "./trace/trace-ring.ts";
import type { Clock } from "../runtime/clock.ts";

/** One file of the deployment repository, or one that a carbon application of it holds. */
export interface ArtifactFile {
  /**
   * Path in the repository with "/", for example "synapse-configs/default/proxy-services/P.xml"; inside an application
   * "carbonapps/A_1.0.0.car!/P_1.0.0/P-1.0.0.xml". Problems name it.
   */
  readonly path: string;
  readonly content: Buffer;
  /** git's blob id; equal ids mean equal content. Undefined: contents are compared. */
  readonly blob?: string;
  /** Undefined: the file lies in the repository itself. */
  readonly part?: AppPart;
}

/** What a file is inside a carbon application. */
export type AppPart =
  /** `element`: what its root must be, since artifact.xml says so. */
  | { readonly kind: "artifact"; readonly app: string; readonly element: string }
  /** `path`: where it stands in the registry, for example "registry/config/a.xslt". */
  | { readonly kind: "resource"; readonly app: string; readonly path: string };

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
  | "priority-executor";

/** One artifact of a compiled generation, for lists and logs. */
export interface ArtifactSummary {
  readonly kind: ArtifactKind;
  readonly name: string;
  readonly path: string;
  /** The carbon application that it came with. Undefined: none. */
  readonly app?: string;
  /** The artifact as XML text, made when it is asked for. Of artifacts of an engine only. */
  readonly source?: () => string;
}

/** A carbon application (.car) of a compiled generation. */
export interface AppSummary {
  readonly name: string;
  readonly version: string;
  /** "carbonapps/A_1.0.0.car". */
  readonly path: string;
  /** What of it runs, dependencies before what needs them: names, versions and types of artifact.xml. */
  readonly artifacts: readonly AppArtifact[];
  /** What is for servers of another role. */
  readonly skipped: readonly AppArtifact[];
}

export interface AppArtifact {
  readonly name: string;
  readonly version: string;
  /** "synapse/api", "registry/resource". */
  readonly type: string;
}

/** What has become of the messages of one service since its generation began. */
export interface ServiceOutcome {
  readonly kind: "proxy-service" | "api";
  readonly name: string;
  /** Messages that were begun. */
  readonly messages: number;
  /**
   * Of these, those that ended in a fault: a fault sequence ran, a fault met none, or the engine itself answered 5xx. Each message
   * counts once, also when copies of it fail.
   */
  readonly faults: number;
}

/**
 * Headers in the order of arrival, names as they came; repeated names stay repeated. Those that were parsed carry
 * their name in lower case as well.
 */
export type HeaderList = readonly (readonly [name: string, value: string, lowerName?: string])[];

export type Transport = "http" | "https";

/** Starts of service addresses, "http://host:port": the listener's own, or its WSDLEPRPrefix. */
export type AddressPrefixes = Readonly<Partial<Record<Transport, string>>>;

export interface ServiceRequest {
  readonly method: string;
  /** Path and query as received, for example "/services/P?wsdl". */
  readonly target: string;
  readonly headers: HeaderList;
  /** Undefined: the request has no body. Never read when no mediator or endpoint needs it parsed. */
  readonly body: ByteStream | Buffer | undefined;
  readonly transport: Transport;
  readonly remoteAddress: string;
  /** Where services can be reached, for each transport that the node listens on. */
  readonly addressPrefixes: AddressPrefixes;
}

export interface ServiceResponse {
  readonly status: number;
  readonly reason?: string;
  readonly headers: HeaderList;
  readonly body: ByteStream | Buffer | undefined;
}

/** A request that the engine wants to have sent to an endpoint. */
export interface EndpointRequest {
  readonly method: string;
  /** Absolute http or https URL. */
  readonly url: string;
  readonly headers: HeaderList;
  readonly body: ByteStream | Buffer | undefined;
  /** Until the head of the response is there. Undefined: the caller's default (120 s). */
  readonly timeoutMs: number | undefined;
  /** The connection serves no other request after this one. Default: it may. */
  readonly closes?: boolean;
  /** The request line holds the whole URL, as for a proxy. Default: path and query. */
  readonly absoluteTarget?: boolean;
  /** A request of HTTP/1.0: a body of known length, and a connection that ends with the response. Default: "1.1". */
  readonly httpVersion?: "1.0";
}

export interface EndpointResponse {
  readonly status: number;
  readonly reason: string;
  readonly headers: HeaderList;
  readonly body: ByteStream;
}

/**
 * Sends one request to an endpoint. Rejects with an `EndpointFailure` when there is no response.
 * The engine reads the body to its end or discards it.
 */
export type EndpointCaller = (request: EndpointRequest) => Promise<EndpointResponse>;

export interface EngineOptions {
  readonly log: Log;
  readonly callEndpoint: EndpointCaller;
  /** Who does jobs that one node at a time may do. Default: this node does all. */
  readonly lease?: JobLease;
  /** ServerRoles of carbon.xml: which parts of carbon applications are for this server. Default: SERVER_ROLES. */
  readonly serverRoles?: readonly string[] | undefined;
  /** SynapseConfig.ServerName, which pinnedServers are compared with. Default: "localhost". */
  readonly serverName?: string | undefined;
  /** What jobs and stores in memory hand from one generation to the next. Default: nothing is handed on. */
  readonly jobMemory?: JobMemory | undefined;
  /** Opens the ports of inbound endpoints. Default: none can be opened. */
  readonly inboundDoors?: InboundDoors | undefined;
  /** What the node remembers of its endpoints from one generation to the next. Default: nothing. */
  readonly endpointStates?: EndpointStates;
  /** Largest body that is read into memory, in bytes. Default: 10 MB. A larger request is answered 413. */
  readonly bodyBytesMax?: number | undefined;
  /** Databases of dblookup and dbreport. Default: a message that needs one fails. */
  readonly sql?: SqlPort | undefined;
  /** Keeps traces of messages for those who ask. Default: nothing is traced. */
  readonly traces?: TraceRing | undefined;
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
  readonly apps: readonly AppSummary[];
  /** Counts of all proxy services and APIs that this node runs. */
  outcomes(): readonly ServiceOutcome[];
  /** Answers one request. Never rejects: what goes wrong becomes a response, as the semantics say. */
  handle(request: ServiceRequest): Promise<ServiceResponse>;
  /** Starts what runs by itself: tasks, message processors, inbound endpoints. The generation is the current one now. */
  activate(): Promise<void>;
  /** Stops what runs by itself and waits for it; messages in progress go on. Safe without `activate`. */
  retire(): Promise<void>;
}
