/** HOST[:PORT] of a manager's management port, as `--manager` of register-node and autocluster.first take it. */
import { AppError } from "../../errors/app-error.ts";

const DEFAULT_PORT = 9443;

/** @param what named in the error. @throws AppError USAGE. */
export function parsePlace(
  text: string,
  what: string,
): { readonly host: string; readonly port: number } {
  const match = /^(?:\[(?<six>[\da-fA-F:.]+)\]|(?<host>[\w.-]+))(?::(?<port>\d{1,5}))?$/.exec(text);
  const host = match?.groups?.["six"] ?? match?.groups?.["host"] ?? "";
  const port = Number(match?.groups?.["port"] ?? DEFAULT_PORT);
  if (host !== "" && port >= 1 && port <= 65_535) return { host, port };
  throw new AppError("USAGE", `${what} takes HOST:PORT of the manager's https port, not "${text}"`);
}
