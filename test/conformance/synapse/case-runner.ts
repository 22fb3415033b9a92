/**
 * Plays one acceptance case: a worker with the case's files, the back ends that it names, its request and steps over
 * sockets; says what differs from what the case expects.
 */
import { Agent, type IncomingMessage, request as httpRequest } from "node:http";
import { text } from "node:stream/consumers";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CaseBackends, SELF_PORT } from "./case-backends.ts";
import { differencesOf, mayStillCome, type Outcome } from "./case-expectation.ts";
import {
  type Case,
  type CaseRequest,
  type CaseStep,
  type Expectation,
  filesOf,
} from "./case-format.ts";
import { type CasePorts, type PortBlock, portsIn } from "./case-ports.ts";
import { CaseWorker } from "./case-worker.ts";
import { serverFilesOf } from "./server-files.ts";

/** Log lines and requests that follow the response are waited for this long. */
const LATE_MS = 2_000;
const LATE_STEP_MS = 20;

/** What differs; empty when the case passes. Stops everything that it has started. */
export async function runCase(
  item: Case,
  folder: string,
  block: PortBlock,
): Promise<readonly string[]> {
  const files = filesOf(item).map((file) => readFileSync(join(folder, file), "utf8"));
  const named = serverFilesOf(files.join("\n")).map(({ content }) => content);
  const all = [JSON.stringify(item), ...files, ...named].join("\n");
  const ports = await block.map([SELF_PORT, ...portsIn(all)], all);
  const backends = await CaseBackends.start(item, ports);
  try {
    const worker = await CaseWorker.start(item, folder, ports);
    try {
      return await new Play(item, { ports, backends, worker }).run();
    } finally {
      await worker.close();
    }
  } finally {
    await backends.close();
  }
}

interface Stage {
  readonly ports: CasePorts;
  readonly backends: CaseBackends;
  readonly worker: CaseWorker;
}

class Play {
  readonly #item: Case;
  readonly #stage: Stage;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(item: Case, stage: Stage) {
    this.#item = item;
    this.#stage = stage;
  }

  async run(): Promise<readonly string[]> {
    const { request, expect, steps } = this.#item;
    try {
      if (steps === undefined || steps.length === 0) return await this.#check(request, expect);
      return await this.#runSteps(steps);
    } finally {
      this.#agent.destroy();
    }
  }

  /** Steps show what they say; the last one also what the case as a whole expects. */
  async #runSteps(steps: readonly CaseStep[]): Promise<readonly string[]> {
    const differences: string[] = [];
    for (const [index, step] of steps.entries()) {
      const request = { ...this.#item.request, ...step.request };
      const isLast = index === steps.length - 1;
      await delay(step.waitMs ?? step.delayMs ?? step.sleepMs ?? 0);
      const times = step.repeat ?? step.times ?? step.count ?? 1;
      for (let time = 1; time <= times; time += 1) {
        const final = isLast && time === times;
        const expect = step.expect ?? this.#item.expect;
        const found = await this.#check(
          request,
          final ? { ...this.#item.expect, ...expect } : expect,
        );
        differences.push(...found.map((one) => `step ${index + 1}, time ${time}: ${one}`));
      }
    }
    return differences;
  }

  async #check(request: CaseRequest, expect: Expectation): Promise<readonly string[]> {
    const response = await this.#send(request);
    const { worker, backends, ports } = this.#stage;
    const outcome = (): Outcome => ({
      ...response,
      log: ports.toCase(worker.log),
      received: backends.received.map((one) => ports.toCase(one)),
    });
    for (let waited = 0; waited < LATE_MS; waited += LATE_STEP_MS) {
      if (!mayStillCome(expect, outcome())) break;
      await delay(LATE_STEP_MS);
    }
    return differencesOf(expect, outcome());
  }

  async #send(request: CaseRequest): Promise<Pick<Outcome, "status" | "headers" | "body">> {
    const { ports } = this.#stage;
    const { method, path, headers = {}, body } = request;
    const bytes = Buffer.from(ports.toRun(body ?? ""));
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const sent = httpRequest({
      host: "127.0.0.1",
      port: ports.of(SELF_PORT),
      method,
      path: ports.toRun(path),
      headers: {
        Host: `localhost:${ports.of(SELF_PORT)}`,
        ...Object.fromEntries(
          Object.entries(headers).map(([name, value]) => [name, ports.toRun(value)]),
        ),
        ...(bytes.length > 0 ? { "Content-Length": bytes.length } : {}),
      },
      agent: this.#agent,
    });
    sent.once("error", reject);
    sent.once("response", resolve);
    sent.end(bytes);
    const response = await promise;
    return {
      status: response.statusCode ?? 0,
      headers: pairsOf(response.rawHeaders).map(([name, value]) => [name, ports.toCase(value)]),
      body: ports.toCase(await text(response)),
    };
  }
}

function pairsOf(raw: readonly string[]): readonly (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2)
    pairs.push([raw[index] ?? "", raw[index + 1] ?? ""]);
  return pairs;
}
