/** A worker on loopback that runs the files of one case, with its log kept as text. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { loadNodeConfig } from "../../../src/config/load-node-config.ts";
import { createLog } from "../../../src/observability/log.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { FolderSource } from "../../../src/worker/folder-source.ts";
import { Worker } from "../../../src/worker/worker.ts";
import { makeLogs } from "../../helpers/made-logs.ts";
import { type Case, filesOf } from "./case-format.ts";
import { SELF_PORT } from "./case-backends.ts";
import type { CasePorts } from "./case-ports.ts";
import { serverFilesOf } from "./server-files.ts";

/** Folder of each kind of artifact; whole configurations lie beside the folders. */
const FOLDERS: Readonly<Record<string, string>> = {
  proxy: "proxy-services",
  api: "api",
  sequence: "sequences",
  endpoint: "endpoints",
  localEntry: "local-entries",
  template: "templates",
  task: "tasks",
  messageStore: "message-stores",
  messageProcessor: "message-processors",
  inboundEndpoint: "inbound-endpoints",
  priorityExecutor: "priority-executors",
  eventSource: "event-sources",
};

export class CaseWorker {
  readonly #worker: Worker;
  readonly #home: string;
  readonly #lines: string[];

  private constructor(worker: Worker, home: string, lines: string[]) {
    this.#worker = worker;
    this.#home = home;
    this.#lines = lines;
  }

  /**
   * Starts a worker on the port that stands for 8480.
   * @throws Error with the reasons when the files are refused.
   */
  static async start(item: Case, folder: string, ports: CasePorts): Promise<CaseWorker> {
    const home = mkdtempSync(join(tmpdir(), "bascule-case-"));
    const lines: string[] = [];
    try {
      const worker = await startWorker(home, ports.of(SELF_PORT), {
        deploy: (repository) => deploy(item, { folder, repository, ports }),
        write: (line) => void lines.push(line),
      });
      if (worker.revision !== undefined) return new CaseWorker(worker, home, lines);
      await worker.close();
      throw new Error(`refused: ${ports.toCase(errorsIn(lines))}`);
    } catch (error) {
      rmSync(home, { recursive: true, force: true });
      throw error;
    }
  }

  get log(): string {
    return this.#lines.join("");
  }

  async close(): Promise<void> {
    await this.#worker.close();
    rmSync(this.#home, { recursive: true, force: true });
  }
}

interface WorkerParts {
  readonly deploy: (repository: string) => void;
  readonly write: (line: string) => void;
}

async function startWorker(home: string, port: number, parts: WorkerParts): Promise<Worker> {
  mkdirSync(join(home, "conf"));
  const properties = { workerNode: "true" };
  const { config } = loadNodeConfig({ home, properties, environment: {} });
  parts.deploy(config.repositoryLocation);
  const listener = {
    scheme: "http",
    bindAddress: "127.0.0.1",
    port,
    wsdlEprPrefix: undefined,
    tls: undefined,
  } as const;
  return Worker.start({
    config: { ...config, serviceListeners: [listener], connectors: [] },
    source: new FolderSource(config.repositoryLocation),
    log: createLog({ node: "worker", sinks: [{ write: parts.write }] }),
    logs: makeLogs().logs,
    clock: systemClock,
    onChange: () => {},
  });
}

interface Deployment {
  readonly folder: string;
  readonly repository: string;
  readonly ports: CasePorts;
}

function deploy(item: Case, { folder, repository, ports }: Deployment): void {
  for (const [index, file] of filesOf(item).entries()) {
    const content = readFileSync(join(folder, file), "utf8");
    const place = join(repository, "synapse-configs", "default", placeOf(content, index, file));
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, ports.toRun(content));
    for (const { path, content: named } of serverFilesOf(content)) {
      const own = join(repository, path.replace(/^repository\/deployment\/server\//, ""));
      if (relative(repository, own).startsWith("..")) continue;
      mkdirSync(dirname(own), { recursive: true });
      writeFileSync(own, ports.toRun(named));
    }
  }
}

function placeOf(content: string, index: number, file: string): string {
  const root = /<(?:[\w.-]+:)?([A-Za-z]\w*)[\s>/]/.exec(withoutComments(content))?.[1] ?? "";
  const name = `${index}-${basename(file)}`;
  return join(FOLDERS[root] ?? "", name);
}

function withoutComments(xml: string): string {
  return xml.replace(/<!--[\s\S]*?-->/g, "");
}

/** The reasons among the lines of a worker that runs nothing. */
function errorsIn(lines: readonly string[]): string {
  const reasons = lines.filter((line) => /ERROR/.test(line) && /\.xml:\d+/.test(line));
  return (reasons.length > 0 ? reasons : lines)
    .map((line) => line.replace(/^.*?ERROR - (?:DeploymentSynchronizer )?/, "").trim())
    .join(" | ");
}
