/** `bascule register-node`: makes a home a node of a cluster, with a join token of its manager. */
import { existsSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { text as readAll } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { AppError, messageOf } from "../errors/app-error.ts";
import type { NodeCertificateRole } from "../net/tls/node-certificate.ts";
import { parseJoinToken } from "../net/trust/join-token.ts";
import { TrustHome } from "../net/trust/trust-home.ts";
import { systemClock } from "../runtime/clock.ts";
import type { Command } from "./command.ts";
import { TOKEN_VARIABLE } from "./trust/autocluster.ts";
import { parsePlace } from "./trust/manager-place.ts";
import { askOverNetwork, registerHome } from "./trust/register-home.ts";

export const registerNodeCommand: Command = {
  usage: `Usage: bascule register-node --manager HOST[:PORT] --token T [--home DIR] [--name NAME] [--role ROLE]
  --manager H:P  the manager's https port (default port: 9443), not the gateway's
  --token T      what \`bascule join-token\` has printed; better, since every process of the machine can read arguments:
                 file:PATH, env:NAME, or - for standard input (default: env:${TOKEN_VARIABLE})
  --home DIR     home of the new node (default: the current folder)
  --name NAME    its name in the cluster (default: the folder's name)
  --role ROLE    worker, gateway or manager (default: gateway where conf/gateway.conf is, else worker)
Writes conf/trust (certificate and key of the node, its token, allowed signers) and conf/cluster-password. The manager must
show the certificate of the authority that the token names; nothing is sent to another one.`,
  async run(args) {
    const values = parse(args);
    if (values.manager === undefined) throw new AppError("USAGE", "register-node needs --manager");
    const home = resolve(values.home);
    const role = readRole(values.role, home);
    const name = values.name ?? basename(home);
    const manager = parsePlace(values.manager, "--manager");
    const token = parseJoinToken(await readToken(values.token ?? `env:${TOKEN_VARIABLE}`));
    const wanted = { home: new TrustHome(home), name, role, manager, token };
    await registerHome(wanted, askOverNetwork(manager, token, systemClock));
    console.log(`Registered ${home} as ${role} ${name}; its trust is in conf/trust`);
    return 0;
  },
};

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        manager: { type: "string" },
        token: { type: "string" },
        home: { type: "string", default: "." },
        name: { type: "string" },
        role: { type: "string" },
      },
    }).values;
  } catch (error) {
    throw new AppError("USAGE", messageOf(error));
  }
}

function readRole(given: string | undefined, home: string): NodeCertificateRole {
  if (given === undefined)
    return existsSync(join(home, "conf", "gateway.conf")) ? "gateway" : "worker";
  if (given === "worker" || given === "gateway" || given === "manager") return given;
  throw new AppError("USAGE", `--role is worker, gateway or manager, not "${given}"`);
}

/** The errors never show what was read. */
async function readToken(given: string): Promise<string> {
  if (given === "-") return readAll(process.stdin);
  if (given.startsWith("file:")) return readFile(given.slice("file:".length));
  if (!given.startsWith("env:")) return given;
  const name = given.slice("env:".length);
  const value = process.env[name] ?? "";
  if (value !== "") return value;
  throw new AppError("USAGE", `register-node needs --token (the variable ${name} is not set)`);
}

function readFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new AppError("USAGE", `the token's file cannot be read: ${messageOf(error)}`);
  }
}
