/** One service running for one case and size: started on the measured CPU, probed, warmed up; and measured. */
import { join } from "node:path";
import type { BoundProcess } from "../gateway/bound-process.ts";
import { answerOf } from "../gateway/http-answer.ts";
import { runWrk } from "../gateway/loads/wrk.ts";
import { unboundThreads, usageOf } from "../gateway/process-usage.ts";
import type { LoadResult, Sample } from "../gateway/sample.ts";
import type { Workplace } from "../gateway/workplace.ts";
import type { Backend } from "./backend.ts";
import type { EngineCase } from "./cases.ts";
import { MESSAGE_HEADERS, orderOf } from "./messages.ts";
import type { Subject } from "./subjects.ts";

/** As many as WSO2's published round has users. */
const CONNECTIONS = 100;
/** The compiler works beside the service, on its core, and needs this long to come to rest. */
const WARM_UP_SECONDS = 6;

export interface RunSite {
  readonly workplace: Workplace;
  readonly backend: Backend;
  readonly measured: EngineCase;
  readonly size: readonly [name: string, bytes: number];
  readonly seconds: number;
}

export class SubjectRun {
  readonly #site: RunSite;
  readonly #process: BoundProcess;
  readonly #port: number;

  /** @throws Error when the service does not start, or answers wrongly. */
  static async start(site: RunSite, subject: Subject): Promise<SubjectRun> {
    const { workplace, backend, measured, size } = site;
    const port = await workplace.ports.take();
    const address = measured.tls
      ? `https://localhost:${backend.secure}/${size[0]}`
      : `http://127.0.0.1:${backend.plain}/${size[0]}`;
    const home = join(workplace.folder, `${measured.name}-${port}`);
    const command = subject.prepare(measured, { workplace, backend: address, port, home });
    const process = workplace.processes.start({
      name: subject.name,
      cpu: workplace.cpus.proxy,
      command,
      logFile: join(home, "output.log"),
    });
    const run = new SubjectRun(site, process, port);
    try {
      await process.listening(port);
      await run.#prepare();
      return run;
    } catch (error) {
      await process.stop();
      throw error;
    }
  }

  private constructor(site: RunSite, process: BoundProcess, port: number) {
    this.#site = site;
    this.#process = process;
    this.#port = port;
  }

  /** CPU time of the service before and after the load. */
  async measure(): Promise<Sample> {
    const { pid } = this.#process;
    const before = usageOf(pid);
    const result = await this.#load(this.#site.seconds);
    const after = usageOf(pid);
    const cpuSeconds = after.cpuSeconds - before.cpuSeconds;
    return { ...result, cpuSeconds, rssBytes: after.rssBytes };
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }

  /** The answer must be right before speed matters. */
  async #prepare(): Promise<void> {
    const { measured, size, workplace } = this.#site;
    const body = orderOf(size[1]);
    const { path, tls } = measured;
    const answer = await answerOf({ port: this.#port, path, tls, headers: MESSAGE_HEADERS, body });
    if (answer !== body)
      throw new Error(`the answer had ${answer.length} bytes: ${answer.slice(0, 200)}`);
    await this.#load(WARM_UP_SECONDS);
    const [unbound] = unboundThreads(this.#process.pid, workplace.cpus.proxy);
    if (unbound !== undefined) throw new Error(unbound);
  }

  #load(seconds: number): Promise<LoadResult> {
    const { workplace, measured, size } = this.#site;
    const message = { body: orderOf(size[1]), headers: MESSAGE_HEADERS };
    return runWrk(workplace, {
      url: `${measured.tls ? "https" : "http"}://127.0.0.1:${this.#port}`,
      requests: { path: measured.path, message },
      connections: CONNECTIONS,
      seconds,
    });
  }
}
