/**
 * A cluster of `bascule up`'s homes without its supervisor: each node is a process that a test starts, kills, stops and starts
 * again by itself. One manager, workers, a gateway; asked through the management API.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClusterPlan, type PlannedNode, planCluster } from "../../src/cli/up/cluster-plan.ts";
import { authorityFile, writeFirstCertificates } from "../../src/cli/up/first-certificates.ts";
import { registerHomes } from "../../src/cli/up/first-registrations.ts";
import { writeHomes } from "../../src/cli/up/write-homes.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { freeOffset } from "./free-offset.ts";
import { eventually, request } from "./http-request.ts";
import { NodeProcess } from "./node-process.ts";

export interface ManagerReply {
  readonly status: number;
  readonly body: ManagerBody;
}

/** What the answers of the management API have that tests look at. */
export interface ManagerBody {
  readonly AccessToken?: string;
  readonly Error?: string;
  readonly code?: string;
  readonly commit?: string | null;
  readonly deployment?: number;
  readonly workers?: readonly { readonly node: string; readonly answer: string }[];
  readonly list?: readonly ManagerRow[];
}

/** A deployment or a member. */
export interface ManagerRow {
  readonly id: number | string;
  readonly name?: string;
  readonly role?: string;
  readonly outcome?: string;
  readonly commit?: string | null;
  readonly revision?: string | null;
}

const STARTED = /Bascule (manager|worker|gateway) \S+ started/;

export class SeparateNodes implements AsyncDisposable {
  readonly plan: ClusterPlan;
  readonly #nodes = new Map<string, NodeProcess>();
  #agent: Agent | undefined;
  #token: string | undefined;

  private constructor(plan: ClusterPlan) {
    this.plan = plan;
  }

  /** Writes the homes and starts all nodes. */
  static async start(workers: number): Promise<SeparateNodes> {
    const dir = mkdtempSync(join(tmpdir(), "bascule-separate-"));
    const offset = await freeOffset(workers + 1);
    const cluster = new SeparateNodes(planCluster({ dir, workers, offset, sample: false }));
    try {
      const { plan } = cluster;
      writeHomes(plan, false);
      await writeFirstCertificates(plan, systemClock.wallMs(), () => {});
      await registerHomes(plan, () => {});
      await Promise.all(plan.nodes.map(({ name }) => cluster.startNode(name)));
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  get workers(): readonly string[] {
    return this.plan.nodes.filter(({ role }) => role === "worker").map(({ name }) => name);
  }

  /** The running process of a node. */
  node(name: string): NodeProcess {
    const node = this.#nodes.get(name);
    if (!node) throw new Error(`${name} was never started`);
    return node;
  }

  /** Resolves when the node says that it has started. */
  async startNode(name: string): Promise<void> {
    const node = new NodeProcess(this.#planned(name).args);
    this.#nodes.set(name, node);
    await node.line(STARTED, 40_000);
  }

  /** SIGKILL; resolves when the process has gone. */
  async killNode(name: string): Promise<void> {
    const node = this.node(name);
    node.kill("SIGKILL");
    await node.ended;
  }

  /** What the manager's repository names, or undefined. */
  ref(name: "live" | "main"): string | undefined {
    const folder = join(this.#planned("manager").home, "repository/depsync/repository.git");
    const args = ["--git-dir", folder, "for-each-ref", "--format=%(objectname)"];
    const text = execFileSync("git", [...args, `refs/heads/${name}`], { encoding: "utf8" });
    return text.trim() || undefined;
  }

  /** For the manager's next start. */
  setStageTimeout(seconds: number): void {
    const file = join(this.#planned("manager").home, "conf/carbon.xml");
    const text = readFileSync(file, "utf8").replace(/<StageTimeout>\d+<\/StageTimeout>\s*/, "");
    const end = "</DeploymentSynchronizer>";
    if (!text.includes(end)) throw new Error(`no ${end} in ${file}`);
    writeFileSync(file, text.replace(end, `<StageTimeout>${seconds}</StageTimeout>\n${end}`));
  }

  /** Asks the manager on a kept connection, with the token of the first question. */
  async ask(path: string, body?: string, type = "application/xml"): Promise<ManagerReply> {
    this.#token ??= await this.#login();
    const headers = {
      Authorization: this.#token,
      ...(body !== undefined && { "Content-Type": type }),
    };
    const reply = await this.#send(path, headers, body);
    if (reply.status !== 401) return reply;
    // Tokens end with the manager's process.
    this.#token = undefined;
    return this.ask(path, body, type);
  }

  deploy(xml: string, query = ""): Promise<ManagerReply> {
    return this.ask(`/management/deployments${query}`, xml);
  }

  /** The journal, newest first. */
  async journal(): Promise<readonly ManagerRow[]> {
    return (await this.ask("/management/deployments?limit=100")).body.list ?? [];
  }

  /** What each worker of the membership runs, by its name. */
  async revisions(): Promise<ReadonlyMap<string, string | null>> {
    const { body } = await this.ask("/management/cluster/members");
    const workers = (body.list ?? []).filter(({ role }) => role === "worker");
    return new Map(workers.map(({ name = "", revision = null }) => [name, revision]));
  }

  /** Resolves with what `live` names as soon as all workers are there and run it. */
  untilAllOnLive(msMax = 15_000): Promise<string> {
    return eventually(
      "all workers on live",
      async () => {
        const live = this.ref("live");
        const revisions = await this.revisions();
        const isCommon = this.workers.every((name) => revisions.get(name) === live);
        return isCommon ? live : undefined;
      },
      msMax,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent?.destroy();
    for (const node of this.#nodes.values()) node.kill("SIGCONT");
    await Promise.all([...this.#nodes.values()].map((node) => node.stop()));
    rmSync(this.plan.dir, { recursive: true, force: true, maxRetries: 5 });
  }

  #planned(name: string): PlannedNode {
    const node = this.plan.nodes.find((one) => one.name === name);
    if (!node) throw new Error(`no node ${name}`);
    return node;
  }

  async #login(): Promise<string> {
    const file = join(this.#planned("manager").home, "repository/database/initial-admin-password");
    const basic = Buffer.from(`admin:${readFileSync(file, "utf8").trim()}`).toString("base64");
    const { status, body } = await this.#send("/management/login", {
      Authorization: `Basic ${basic}`,
    });
    if (status !== 200) throw new Error(`login: ${status} ${JSON.stringify(body)}`);
    return `Bearer ${body.AccessToken ?? ""}`;
  }

  async #send(
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<ManagerReply> {
    const ca = readFileSync(authorityFile(this.plan.dir), "utf8");
    this.#agent ??= new Agent({ keepAlive: true, ca });
    const reply = await request(`https://localhost:${this.plan.managementPort}${path}`, {
      headers,
      ca,
      agent: this.#agent,
      timeoutMs: 60_000,
      ...(body !== undefined && { body }),
    });
    return { status: reply.status, body: JSON.parse(reply.body) as ManagerBody };
  }
}
