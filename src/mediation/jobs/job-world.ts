/** What jobs may use: the generation that they belong to, and what outlives generations. */
import type { ServiceRequest, ServiceResponse } from "../engine.ts";
import type { Environment } from "../message/environment.ts";
import type { ProxyService } from "../services/proxy-service.ts";
import type { InboundDoors } from "./inbound-doors.ts";
import type { Job, JobLease } from "./job.ts";
import type { JobMemory } from "./job-memory.ts";

export interface JobWorld {
  readonly environment: Environment;
  readonly services: ReadonlyMap<string, ProxyService>;
  readonly lease: JobLease;
  readonly memory: JobMemory;
  /** Undefined: this engine has no listeners for inbound endpoints. */
  readonly doors: InboundDoors | undefined;
  /** What pinnedServers are compared with. */
  readonly serverName: string;
  /** A request for services and APIs; what none of them takes goes to `fallback`. */
  dispatch(
    request: ServiceRequest,
    fallback: (request: ServiceRequest) => Promise<ServiceResponse>,
  ): Promise<ServiceResponse>;
}

/** Makes a job of an artifact for one generation. */
export type JobFactory = (world: JobWorld) => Job;
