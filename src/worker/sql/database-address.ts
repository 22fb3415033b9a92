/** Where a target of dblookup and dbreport lies: from its JDBC URL, or a datasource of master-datasources.xml. */
import { realpathSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";
import { parseJdbcUrl } from "../../config/jdbc-url.ts";
import type { DatasourceConfig } from "../../config/node-config.ts";
import type { SqlTarget } from "../../mediation/sql/sql-port.ts";

/** "verified": the server's certificate has to be good for its name. */
export type DatabaseTls = "none" | "unverified" | "verified";

export interface ServerAddress {
  readonly kind: "mysql" | "postgresql";
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  readonly tls: DatabaseTls;
}

export type DatabaseAddress = ServerAddress | { readonly kind: "sqlite"; readonly file: string };

export interface AddressBook {
  readonly home: string;
  readonly datasources: readonly DatasourceConfig[];
}

/** @throws Error for people when there is no such datasource or the file lies outside the home. */
export function addressOf(target: SqlTarget, { home, datasources }: AddressBook): DatabaseAddress {
  if (target.kind === "datasource") return datasourceAddress(target.name, datasources);
  const database = parseJdbcUrl(target.url, home);
  if (typeof database === "string") throw new Error(database);
  if (database.kind === "sqlite") return { kind: "sqlite", file: insideHome(database.file, home) };
  const { user, password } = target;
  return { ...database, user, password, tls: tlsOf(target.url) };
}

function datasourceAddress(
  name: string,
  datasources: readonly DatasourceConfig[],
): DatabaseAddress {
  const wanted = name.replace(/^java:comp\/env\//, "");
  const found = datasources.find(
    (datasource) => datasource.jndiName === wanted || datasource.name === wanted,
  );
  if (!found)
    throw new Error(`there is no datasource ${name} in conf/datasources/master-datasources.xml`);
  const { database } = found;
  if (database.kind === "sqlite") return database;
  const { kind, host, port, username, password } = database;
  return { kind, host, port, database: database.database, user: username, password, tls: "none" };
}

/** An artifact may name files of the node's home only; links do not lead out of it. */
function insideHome(file: string, home: string): string {
  const folder = realpathOf(dirname(file));
  const root = realpathOf(home);
  if (folder !== root && !folder.startsWith(root + sep))
    throw new Error("the SQLite file of a statement has to lie inside the node's home folder");
  return join(folder, basename(file));
}

function realpathOf(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    throw new Error(`the folder of the SQLite file does not exist: ${folder}`);
  }
}

/** The drivers' own words for TLS, in the parameters of the URL. */
function tlsOf(url: string): DatabaseTls {
  const parameters = new URLSearchParams(url.slice(url.indexOf("?") + 1));
  const of = (name: string): string => (parameters.get(name) ?? "").toLowerCase();
  const mode = of("sslMode") || of("sslmode");
  if (
    mode === "verify-full" ||
    mode === "verify_identity" ||
    mode === "verify-ca" ||
    mode === "verify_ca"
  )
    return "verified";
  if (mode === "require" || mode === "required" || mode === "trust") return "unverified";
  if (of("useSSL") !== "true" && of("requireSSL") !== "true" && of("ssl") !== "true") return "none";
  const unchecked =
    of("verifyServerCertificate") === "false" || of("trustServerCertificate") === "true";
  return unchecked || of("sslfactory").endsWith("nonvalidatingfactory") ? "unverified" : "verified";
}
