/** Where a target of dblookup and dbreport lies: from its JDBC URL, or a datasource of master-datasources.xml. */
import { existsSync, realpathSync } from "node:fs";
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
  /** The datasource of users and registry by registry.xml; no artifact reaches it. Undefined: WSO2_CARBON_DB alone. */
  readonly ownDatasource?: string | undefined;
}

/** The one folder of the home in which artifacts may have SQLite files. */
export const SQLITE_FOLDER = "repository/sqlite";

/** WSO2's name of the datasource for users and registry. */
const CARBON_DATASOURCE = "WSO2_CARBON_DB";

/**
 * @throws Error for people when there is no such datasource, it is the node's own, or the file lies elsewhere than
 * in SQLITE_FOLDER.
 */
export function addressOf(target: SqlTarget, book: AddressBook): DatabaseAddress {
  if (target.kind === "datasource") return datasourceAddress(target.name, book);
  const database = parseJdbcUrl(target.url, book.home);
  if (typeof database === "string") throw new Error(database);
  if (database.kind === "sqlite") {
    const file = realFile(database.file);
    if (!isInside(file, join(book.home, SQLITE_FOLDER))) throw elsewhere(database.file);
    return { kind: "sqlite", file };
  }
  const { user, password } = target;
  return { ...database, user, password, tls: tlsOf(target.url) };
}

function datasourceAddress(name: string, book: AddressBook): DatabaseAddress {
  const wanted = name.replace(/^java:comp\/env\//, "");
  const isNamed = (datasource: DatasourceConfig, word: string): boolean =>
    datasource.jndiName === word || datasource.name === word;
  const found = book.datasources.find((datasource) => isNamed(datasource, wanted));
  if (!found)
    throw new Error(`there is no datasource ${name} in conf/datasources/master-datasources.xml`);
  const { database } = found;
  const { ownDatasource = CARBON_DATASOURCE } = book;
  if (found.name === CARBON_DATASOURCE || isNamed(found, ownDatasource))
    throw new Error(
      `the datasource ${name} holds the node's own tables: give artifacts another one`,
    );
  if (database.kind === "sqlite")
    return { kind: "sqlite", file: operatorsFile(database.file, book) };
  const { kind, host, port, username, password } = database;
  return { kind, host, port, database: database.database, user: username, password, tls: "none" };
}

/** The operator may have a datasource outside the home; inside, the rule of artifacts holds. */
function operatorsFile(file: string, { home }: AddressBook): string {
  const real = realFile(file);
  if (isInside(real, home) && !isInside(real, join(home, SQLITE_FOLDER))) throw elsewhere(file);
  return real;
}

function elsewhere(file: string): Error {
  return new Error(
    `the SQLite file ${file} cannot be opened: files of artifacts have to lie in the folder ${SQLITE_FOLDER} of the node's home`,
  );
}

function isInside(file: string, folder: string): boolean {
  return existsSync(folder) && file.startsWith(realpathSync(folder) + sep);
}

/** Links lead where they lead: the file's own, and those of its folders. A file that is not there yet is made. */
function realFile(file: string): string {
  if (existsSync(file)) return realpathSync(file);
  const folder = dirname(file);
  if (!existsSync(folder))
    throw new Error(`the folder of the SQLite file does not exist: ${folder}`);
  return join(realpathSync(folder), basename(file));
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
