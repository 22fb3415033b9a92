/** A cluster of `bascule up` in a temporary folder, with what tests ask of it. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClusterStatus } from "../../src/cli/up/cluster-status.ts";
import type { NodeStatus } from "../../src/runtime/node-status.ts";
import { freeOffset } from "./free-offset.ts";
import { eventually, GET_QUOTE, request, type TestResponse } from "./http-request.ts";
import { NodeProcess, runBascule } from "./node-process.ts";

export class RunningCluster implements AsyncDisposable {
  readonly dir: string;
  readonly offset: number;
  readonly #args: readonly string[];
  up: NodeProcess;

  private constructor(dir: string, offset: number, args: readonly string[]) {
    this.dir = dir;
    this.offset = offset;
    this.#args = args;
    this.up = this.#spawn();
  }

  /** Resolves when the welcome text is out. */
  static async start(flags: readonly string[] = [], workers = 2): Promise<RunningCluster> {
    const dir = mkdtempSync(join(tmpdir(), "bascule-e2e-"));
    const offset = await freeOffset(workers + 1);
    const size = ["--workers", String(workers), "--offset", String(offset)];
    const cluster = new RunningCluster(dir, offset, [
      "up",
      "--dir",
      join(dir, "c"),
      ...size,
      ...flags,
    ]);
    try {
      await cluster.up.line(/Ctrl-C stops all nodes/, 40_000);
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
    return cluster;
  }

  /** The folder of --dir. */
  get home(): string {
    return join(this.dir, "c");
  }

  get services(): string {
    return `http://esb.localhost:${8080 + this.offset}/services/`;
  }

  get servicesSecure(): string {
    return `https://esb.localhost:${8443 + this.offset}/services/`;
  }

  get consoleOrigin(): string {
    return `https://mgt.esb.localhost:${8443 + this.offset}`;
  }

  get authority(): string {
    return readFileSync(join(this.home, "tls", "ca.crt"), "utf8");
  }

  /** Stops with Ctrl-C's signal and starts again on the same folder. */
  async restart(): Promise<void> {
    this.up.kill("SIGINT");
    await this.up.ended;
    this.up = this.#spawn();
    await this.up.line(/Ctrl-C stops all nodes/, 40_000);
  }

  async status(): Promise<ClusterStatus> {
    const { text } = await runBascule(["status", "--json", "--dir", this.home]);
    return JSON.parse(text) as ClusterStatus;
  }

  async node(name: string): Promise<NodeStatus> {
    const node = (await this.status()).nodes.find((candidate) => candidate.name === name);
    if (!node) throw new Error(`no node ${name}`);
    return node;
  }

  quote(service = "StockQuoteProxy", cookie?: string): Promise<TestResponse> {
    const headers = { ...GET_QUOTE.headers, ...(cookie === undefined ? {} : { Cookie: cookie }) };
    return request(this.services + service, { ...GET_QUOTE, headers });
  }

  secureQuote(cookie?: string): Promise<TestResponse> {
    const headers = { ...GET_QUOTE.headers, ...(cookie === undefined ? {} : { Cookie: cookie }) };
    return request(`${this.servicesSecure}StockQuoteProxy`, {
      ...GET_QUOTE,
      headers,
      ca: this.authority,
    });
  }

  /** Which node's log mediator has logged requests, and how often. */
  served(node: string, pattern = /LogMediator To: .*Direction: request/): number {
    return this.up.countOf(new RegExp(`\\[${node}\\].*${pattern.source}`));
  }

  /** Waits until every named worker runs one and the same revision, and returns it. */
  commonRevision(workers: readonly string[], other?: string | null): Promise<string> {
    return eventually("all workers on one new revision", async () => {
      const { nodes } = await this.status();
      const found = workers.map((name) => nodes.find((node) => node.name === name)?.revision);
      const [first] = found;
      const isCommon = typeof first === "string" && found.every((revision) => revision === first);
      return isCommon && first !== other ? first : undefined;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.up.stop();
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 3 });
  }

  #spawn(): NodeProcess {
    return new NodeProcess(this.#args);
  }
}
