/**
 * The options that commands which talk to a manager share: where it is, who asks, what certificate is trusted, and
 * where the password comes from. A password is never an argument, since arguments can be read by every
 * process of the machine.
 */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { AppError, messageOf } from "../errors/app-error.ts";
import type { ManagerAccess } from "./manager-client.ts";
import { promptPassword } from "./password-prompt.ts";
import { readClusterFacts } from "./up/cluster-folder.ts";
import { authorityFile } from "./up/first-certificates.ts";

/** The usage lines of the shared options. */
export const MANAGER_USAGE = `  --dir DIR        folder of the cluster that \`bascule up\` made: its certificate authority, port offset and
                   first admin password are used (default: .bascule)
  --home DIR       home of a manager on this machine, in the place of --dir: its port, certificate and first password
  --manager URL    address of the manager (default: $BASCULE_MANAGER, else https://127.0.0.1:9443 plus the offset)
  --offset N       added to the default port 9443
  --user NAME      who deploys (default: admin)
  --ca FILE        certificate authority that is trusted (default: DIR/tls/ca.crt if it exists, else the system's)
The password is taken from $BASCULE_PASSWORD, else from the cluster's first-password file, else it is asked for.`;

const MANAGEMENT_PORT = 9443;
const OFFSET_MAX = 50_000;

export interface ManagerArguments {
  readonly access: ManagerAccess;
  readonly positionals: readonly string[];
}

/**
 * @param check throws AppError USAGE when the positionals are not the command's: before anybody is asked for a password.
 * @throws AppError USAGE, AUTH_FAILED without a password, or HOME_INVALID where DIR is no cluster's folder.
 */
export async function readManagerArguments(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  check: (positionals: readonly string[]) => void,
): Promise<ManagerArguments> {
  const { values, positionals } = parse(args);
  check(positionals);
  const dir = resolve(values.dir);
  const user = values.user;
  const home = values.home === undefined ? undefined : resolve(values.home);
  const manager = values.manager ?? environment["BASCULE_MANAGER"];
  const isNamed = manager !== undefined && manager !== "";
  const url =
    home !== undefined && !isNamed ? await urlOf(home) : readUrl(manager, values.offset, dir);
  const authority = home === undefined ? authorityFile(dir) : publicCertificate(home);
  const ca = readAuthority(values.ca, authority);
  const password = await findPassword(environment, home ?? join(dir, "manager"), user);
  return { access: { url, user, password, ca }, positionals };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        dir: { type: "string", default: ".bascule" },
        home: { type: "string" },
        manager: { type: "string" },
        offset: { type: "string" },
        user: { type: "string", default: "admin" },
        ca: { type: "string" },
      },
    });
  } catch (error) {
    throw new AppError("USAGE", messageOf(error));
  }
}

function readUrl(given: string | undefined, offset: string | undefined, dir: string): URL {
  if (given === undefined || given === "") {
    const shift = offset === undefined ? (readClusterFacts(dir)?.offset ?? 0) : readOffset(offset);
    return new URL(`https://127.0.0.1:${MANAGEMENT_PORT + shift}`);
  }
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url?.protocol !== "https:")
    throw new AppError(
      "USAGE",
      `the manager's address must be https://HOST[:PORT], not "${given}"`,
    );
  return url;
}

function readOffset(text: string): number {
  const offset = Number(text);
  if (/^\d+$/.test(text) && offset <= OFFSET_MAX) return offset;
  throw new AppError("USAGE", `--offset must be a number from 0 to ${OFFSET_MAX}, not "${text}"`);
}

/** Where a manager listens, as its configuration says. */
async function urlOf(home: string): Promise<URL> {
  const { managementPlace, managerConfig } = await import("./trust/cluster-authority.ts");
  const { host, port } = managementPlace(managerConfig(home));
  return new URL(`https://${host.includes(":") ? `[${host}]` : host}:${port}`);
}

/** The one that the manager makes itself; another one needs --ca. */
function publicCertificate(home: string): string {
  return join(home, "conf", "tls", "node.crt");
}

function readAuthority(given: string | undefined, usual: string): string | undefined {
  const file = given ?? usual;
  if (given === undefined && !existsSync(file)) return undefined;
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const message = `cannot read the certificate authority ${file}: ${messageOf(cause)}`;
    throw new AppError("TLS_MATERIAL", message, { cause });
  }
}

async function findPassword(
  environment: NodeJS.ProcessEnv,
  home: string,
  user: string,
): Promise<string> {
  const given = environment["BASCULE_PASSWORD"];
  if (given !== undefined && given !== "") return given;
  const file = join(home, "repository", "database", "initial-admin-password");
  if (user === "admin" && existsSync(file)) return readFileSync(file, "utf8").trim();
  if (process.stdin.isTTY) return promptPassword(`Password of ${user}: `);
  const message = `no password for ${user}: set BASCULE_PASSWORD, or run this in a terminal to be asked`;
  throw new AppError("AUTH_FAILED", message);
}
