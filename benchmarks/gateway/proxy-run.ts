/** One proxy running for one case: started, probed, warmed up, its threads checked; and measured. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Backends, ECHO_PATH, FORWARDED_PATH } from "./backends.ts";
import type { BoundProcess } from "./bound-process.ts";
import { type BenchmarkCase, SESSIONS } from "./cases.ts";
import { answerOf } from "./http-answer.ts";
import { runClientProgram } from "./loads/client-program.ts";
import { runH2load } from "./loads/h2load.ts";
import { measureIdle } from "./loads/idle-load.ts";
import { primeSessions } from "./loads/session-primer.ts";
import { runWrk } from "./loads/wrk.ts";
import { unboundThreads, usageOf } from "./process-usage.ts";
import type { Proxy } from "./proxies/proxy.ts";
import type { LoadResult, Sample } from "./sample.ts";
import type { Workplace } from "./workplace.ts";

/** A compiler that works beside the proxy, on its core, needs this long to come to rest. */
const WARM_UP_SECONDS = 6;

export interface Site {
  readonly workplace: Workplace;
  readonly backends: Backends;
  /** Duration of one measurement. */
  readonly seconds: number;
}

export class ProxyRun {
  readonly #site: Site;
  readonly #case: BenchmarkCase;
  readonly #proxy: Proxy;
  readonly #port: number;
  readonly #process: BoundProcess;

  /** Starts the proxy in a folder of its own. @throws Error when it does not listen, or answers wrongly. */
  static async start(site: Site, measured: BenchmarkCase, proxy: Proxy): Promise<ProxyRun> {
    const { workplace, backends } = site;
    const port = await workplace.ports.take();
    const home = join(workplace.folder, `${measured.name}-${proxy.name}-${port}`);
    mkdirSync(join(home, "logs"), { recursive: true });
    const place = { ...measured.needs, workplace, backends, home, port };
    const bound = workplace.processes.start({
      name: proxy.name,
      cpu: workplace.cpus.proxy,
      command: proxy.prepare(place),
      logFile: join(home, "output.log"),
    });
    const run = new ProxyRun(site, measured, { proxy, port, bound });
    try {
      await bound.listening(port);
      await run.#prepare();
      return run;
    } catch (error) {
      await bound.stop();
      throw error;
    }
  }

  private constructor(
    site: Site,
    measured: BenchmarkCase,
    started: { readonly proxy: Proxy; readonly port: number; readonly bound: BoundProcess },
  ) {
    this.#site = site;
    this.#case = measured;
    this.#proxy = started.proxy;
    this.#port = started.port;
    this.#process = started.bound;
  }

  /** One measurement: the CPU time of the proxy before and after the load. */
  async measure(): Promise<Sample> {
    const { workplace, seconds } = this.#site;
    const { pid } = this.#process;
    const { load, connections } = this.#case;
    if (load.kind === "idle") {
      return measureIdle(workplace, { port: this.#port, connections, pid });
    }
    const rate = load.kind === "half-peak" ? await this.#halfPeak() : undefined;
    const before = usageOf(pid);
    const result = await this.#load(seconds, rate);
    const after = usageOf(pid);
    return {
      ...result,
      cpuSeconds: after.cpuSeconds - before.cpuSeconds,
      rssBytes: after.rssBytes,
    };
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }

  async #prepare(): Promise<void> {
    await this.#probe();
    if (this.#case.needs.sticky && this.#proxy.learns) await primeSessions(this.#port, SESSIONS);
    if (this.#case.load.kind === "idle") await this.#smallGets();
    else await this.#load(WARM_UP_SECONDS, undefined);
    const [unbound] = unboundThreads(this.#process.pid, this.#site.workplace.cpus.proxy);
    if (unbound !== undefined) throw new Error(unbound);
  }

  /** The answers must be right before speed matters. */
  async #probe(): Promise<void> {
    const { needs, load } = this.#case;
    const to = { port: this.#port, tls: needs.tls };
    const forwarded = await answerOf({ ...to, path: FORWARDED_PATH });
    const wanted = `127.0.0.1|${needs.tls ? "https" : "http"}|127.0.0.1`;
    if (forwarded !== wanted) {
      throw new Error(`the forwarded headers were "${forwarded}" instead of "${wanted}"`);
    }
    if (load.kind !== "requests") return;
    const { length } = await answerOf({ ...to, ...load.requests });
    if (length === load.answerBytes) return;
    throw new Error(`an answer had ${length} bytes instead of ${load.answerBytes}`);
  }

  async #halfPeak(): Promise<number> {
    const { workplace, seconds } = this.#site;
    const { connections } = this.#case;
    const load = { url: `${this.#url}/`, connections, seconds, rate: undefined };
    const peak = await runH2load(workplace, load);
    return peak.done / peak.seconds / 2;
  }

  #load(seconds: number, rate: number | undefined): Promise<LoadResult> {
    const { workplace } = this.#site;
    const { load, connections } = this.#case;
    const url = this.#url;
    if (load.kind === "requests") {
      return runWrk(workplace, { url, requests: load.requests, connections, seconds });
    }
    if (load.kind === "half-peak") {
      return runH2load(workplace, { url: `${url}/`, connections, seconds, rate });
    }
    return load.kind === "handshakes"
      ? runClientProgram(workplace, {
          program: "handshake-client",
          args: [this.#port, connections],
          seconds,
        })
      : runClientProgram(workplace, {
          program: "echo-client",
          args: [this.#port, ECHO_PATH, connections],
          seconds,
        });
  }

  /** Warms the proxy up without taking a place among the idle connections. */
  #smallGets(): Promise<LoadResult> {
    return runWrk(this.#site.workplace, {
      url: this.#url,
      requests: { path: "/" },
      connections: 16,
      seconds: 1,
    });
  }

  get #url(): string {
    return `${this.#case.needs.tls ? "https" : "http"}://127.0.0.1:${this.#port}`;
  }
}
