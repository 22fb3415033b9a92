/** Debian's MariaDB and PostgreSQL as a test starts them: a folder of their own, a free port of loopback, no password. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface SqlServer {
  readonly port: number;
  stop(): Promise<void>;
}

const POSTGRES_ROOT = "/usr/lib/postgresql";
const MARIADB = "/usr/sbin/mariadbd";

/** Why the server cannot run here; undefined: it can. */
export function whyNot(kind: "mariadb" | "postgresql"): string | undefined {
  if (process.getuid?.() !== 0) return "only root can start the server as its own user";
  const isHere = kind === "mariadb" ? existsSync(MARIADB) : existsSync(POSTGRES_ROOT);
  return isHere ? undefined : `Debian's ${kind} is not installed (scripts/install-test-servers.ts)`;
}

export async function startSqlServer(kind: "mariadb" | "postgresql"): Promise<SqlServer> {
  const folder = mkdtempSync(join(tmpdir(), `${kind}-test-`));
  const port = await freePort();
  const child = kind === "mariadb" ? startMariadb(folder, port) : startPostgres(folder, port);
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
  });
  try {
    await accepting(port, child);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  return {
    port,
    async stop() {
      child.kill(kind === "mariadb" ? "SIGTERM" : "SIGINT");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Debian makes the account together with the package. */
function accountOf(name: string): Account {
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , uid = "0", gid = "0"] = line?.split(":") ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

function startMariadb(folder: string, port: number): ChildProcess {
  const account = accountOf("mysql");
  chownSync(folder, account.uid, account.gid);
  must("mariadb-install-db", [
    "--no-defaults",
    "--user=mysql",
    `--datadir=${folder}`,
    "--auth-root-authentication-method=normal",
    "--skip-test-db",
  ]);
  const options = [
    "--no-defaults",
    "--user=mysql",
    `--datadir=${folder}`,
    "--bind-address=127.0.0.1",
    `--port=${port}`,
    `--socket=${folder}/s.sock`,
    `--pid-file=${folder}/p.pid`,
    "--innodb-flush-log-at-trx-commit=0",
  ];
  return spawn(MARIADB, options, { stdio: "ignore" });
}

function startPostgres(folder: string, port: number): ChildProcess {
  const account = accountOf("postgres");
  chownSync(folder, account.uid, account.gid);
  const [version = ""] = readdirSync(POSTGRES_ROOT).toSorted().toReversed();
  const program = (name: string): string => join(POSTGRES_ROOT, version, "bin", name);
  must(program("initdb"), ["-D", folder, "-U", "postgres", "-A", "trust", "--no-sync"], account);
  const options = ["-D", folder, "-p", String(port), "-c", "listen_addresses=127.0.0.1"];
  options.push("-c", `unix_socket_directories=${folder}`, "-c", "fsync=off");
  return spawn(program("postgres"), options, { stdio: "ignore", ...account });
}

function must(command: string, args: readonly string[], account: Partial<Account> = {}): void {
  const done = spawnSync(command, args, { encoding: "utf8", cwd: "/tmp", ...account });
  if (done.status !== 0) throw new Error(`${command} failed: ${done.stderr}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

async function accepting(port: number, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    if (await canConnect(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the server did not listen within 10 s");
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
