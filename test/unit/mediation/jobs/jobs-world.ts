/** Engines whose jobs run on a virtual clock: generations follow each other with one memory, calls to endpoints are scripted. */
import assert from "node:assert/strict";
import { formatProblem } from "../../../../src/errors/config-error.ts";
import { compileEngine } from "../../../../src/mediation/compile-engine.ts";
import type {
  CompileResult,
  Engine,
  EndpointRequest,
  EndpointResponse,
} from "../../../../src/mediation/engine.ts";
import type { InboundDoor } from "../../../../src/mediation/jobs/inbound-doors.ts";
import type { JobGrant, JobLease, LeaseHolder } from "../../../../src/mediation/jobs/job.ts";
import { JobMemory } from "../../../../src/mediation/jobs/job-memory.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";
import { MemoryLog } from "../../../helpers/memory-log.ts";
import { responseOf } from "../../../helpers/stock-quote-backend.ts";
import { requestOf, soap, SYNAPSE, textOf } from "../mediation-world.ts";

/** A lease that the test gives and takes. */
export class TestLease implements JobLease {
  /** What the grants say when they are asked. */
  isHeld = true;
  readonly grant: JobGrant = { isHeld: () => this.isHeld };
  readonly holders = new Map<string, LeaseHolder>();

  claim(job: string, holder: LeaseHolder): { release(): Promise<void> } {
    this.holders.set(job, holder);
    return {
      release: async () => {
        this.holders.delete(job);
      },
    };
  }
}

export class JobsWorld {
  readonly log = new MemoryLog();
  readonly clock = new FakeClock();
  readonly memory = new JobMemory();
  /** Texts that reached an endpoint, in order. */
  readonly received: string[] = [];
  readonly requests: EndpointRequest[] = [];
  readonly doors = new Map<number, InboundDoor>();
  lease: JobLease | undefined;
  serverName: string | undefined;
  backend: (text: string) => EndpointResponse | Promise<EndpointResponse> = () =>
    responseOf(200, "text/xml", soap("<ok/>"));
  #engine: Engine | undefined;

  compile(definitions: string): CompileResult {
    const text = `<definitions xmlns="${SYNAPSE}">${definitions}</definitions>`;
    const file = { path: "synapse-configs/default/synapse.xml", content: Buffer.from(text) };
    return compileEngine([file], {
      log: this.log,
      systemProperties: {},
      clock: this.clock,
      jobMemory: this.memory,
      serverName: this.serverName,
      ...(this.lease ? { lease: this.lease } : {}),
      inboundDoors: {
        open: async (door) => {
          this.doors.set(door.port, door);
          return () => void this.doors.delete(door.port);
        },
      },
      callEndpoint: async (request) => {
        this.requests.push(request);
        const { body } = request;
        const sent = await textOf(body);
        this.received.push(sent);
        return this.backend(sent);
      },
    });
  }

  /** The problems of faulty definitions. */
  problems(definitions: string): string {
    const result = this.compile(definitions);
    return result.kind === "faulty" ? result.problems.map(formatProblem).join("\n") : "";
  }

  /** Compiles a generation and lets it take over from the last one. */
  async deploy(definitions: string): Promise<Engine> {
    const result = this.compile(definitions);
    if (result.kind === "faulty") assert.fail(result.problems.map(formatProblem).join("\n"));
    await this.#engine?.retire();
    this.#engine = result.engine;
    await this.#engine.activate();
    return this.#engine;
  }

  async retire(): Promise<void> {
    await this.#engine?.retire();
    this.#engine = undefined;
  }

  /** Sends a payload to the proxy service P. */
  async ask(payload: string): Promise<number> {
    assert.ok(this.#engine);
    const answer = await this.#engine.handle(requestOf({ body: soap(payload) }));
    return answer.status;
  }

  /** Lets time pass; promises run in between. */
  async pass(ms: number): Promise<void> {
    await this.clock.advanceAsync(ms, Math.max(10, ms / 200));
    for (let turn = 0; turn < 5; turn += 1)
      await new Promise<void>((resolve) => void setImmediate(resolve));
  }
}

/** Elements of an endpoint named E. */
export const ENDPOINT =
  '<endpoint name="E"><address uri="http://backend:9000/s" format="soap11"/></endpoint>';

/** A proxy P that stores what it gets; `before` are mediators. */
export function storingProxy(store: string, before = ""): string {
  return `<proxy name="P"><target><inSequence>${before}<store messageStore="${store}"/></inSequence></target></proxy>`;
}

export function parameters(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `<parameter name="${name}">${value}</parameter>`)
    .join("");
}

const FORWARDING =
  "org.apache.synapse.message.processor.impl.forwarder.ScheduledMessageForwardingProcessor";
const SAMPLING = "org.apache.synapse.message.processor.impl.sampler.SamplingProcessor";

export function forwardingProcessor(values: Readonly<Record<string, string | number>>): string {
  return `<messageProcessor name="F" class="${FORWARDING}" messageStore="S" targetEndpoint="E">${parameters(values)}</messageProcessor>`;
}

export function samplingProcessor(values: Readonly<Record<string, string | number>>): string {
  return `<messageProcessor name="M" class="${SAMPLING}" messageStore="S">${parameters(values)}</messageProcessor>`;
}
