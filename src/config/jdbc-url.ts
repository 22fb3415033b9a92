/**
 * JDBC URLs of master-datasources.xml → the database that they mean: MySQL (and MariaDB) and PostgreSQL as
 * host, port and name; H2 and SQLite as the embedded SQLite file of the home.
 */
import { basename, isAbsolute, join, resolve } from "node:path";

export type JdbcDatabase =
  | { readonly kind: "sqlite"; readonly file: string }
  | {
      readonly kind: "mysql" | "postgresql";
      readonly host: string;
      readonly port: number;
      readonly database: string;
    };

const SERVERS = {
  mysql: { kind: "mysql", port: 3306 },
  mariadb: { kind: "mysql", port: 3306 },
  postgresql: { kind: "postgresql", port: 5432 },
} as const;

/**
 * Reads a JDBC URL; parameters after "?" or ";" are the Java driver's and are dropped.
 * @param home where relative files start.
 * @returns the database, or the complaint for the user; it shows no parameters, they may hold passwords.
 */
export function parseJdbcUrl(url: string, home: string): JdbcDatabase | string {
  const [, scheme = "", rest = ""] = /^jdbc:([a-z0-9]+):(.*)$/i.exec(url) ?? [];
  const target = rest.replace(/[;?].*$/, "");
  switch (scheme.toLowerCase()) {
    case "h2":
      return fromH2(target, home);
    case "sqlite":
      if (target === "") return '"jdbc:sqlite:" needs a file';
      return { kind: "sqlite", file: isAbsolute(target) ? target : resolve(home, target) };
    case "mysql":
    case "mariadb":
    case "postgresql":
      return fromServer(scheme.toLowerCase() as keyof typeof SERVERS, target);
    default:
      return `"${withoutParameters(url)}" is not supported: expected jdbc:mysql, jdbc:postgresql, jdbc:h2 or jdbc:sqlite`;
  }
}

/** H2 means "embedded, no server": the file keeps its name and lies where WSO2 has it. */
function fromH2(target: string, home: string): JdbcDatabase | string {
  const [, mode = "", path = ""] =
    /^(?:(tcp|ssl|mem|file|zip|nio|nioMapped):)?(.*)$/.exec(target) ?? [];
  if (mode === "tcp" || mode === "ssl" || mode === "zip")
    return `"jdbc:h2:${mode}:" is not supported: expected a file such as jdbc:h2:repository/database/WSO2CARBON_DB`;
  const name = basename(path).replace(/[^\w.-]/g, "_");
  if (name === "" || name.startsWith("."))
    return `"jdbc:h2:${target}" names no database: expected jdbc:h2:repository/database/WSO2CARBON_DB`;
  return { kind: "sqlite", file: join(home, "repository", "database", `${name}.sqlite`) };
}

function fromServer(scheme: keyof typeof SERVERS, target: string): JdbcDatabase | string {
  const server = SERVERS[scheme];
  const [, ipv6, name, port, database] =
    /^\/\/(?:\[([0-9a-fA-F:]+)\]|([\w.-]+))(?::(\d{1,5}))?\/([^/]+)$/.exec(target) ?? [];
  const host = ipv6 ?? name;
  const number = port === undefined ? server.port : Number(port);
  if (host === undefined || database === undefined || number < 1 || number > 65_535)
    return `"jdbc:${scheme}:${withoutUser(target)}" is not understood: expected jdbc:${scheme}://HOST:PORT/DATABASE`;
  return { kind: server.kind, host, port: number, database: decoded(database) };
}

function withoutParameters(url: string): string {
  return withoutUser(url.replace(/[;?].*$/, ""));
}

function withoutUser(url: string): string {
  return url.replace(/[^/:@]*(:[^/@]*)?@/, "");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
