/** Who makes a change by a request, and how it came: the console by its cookie, the command line by its agent's name. */
import type { FastifyRequest } from "fastify";
import type { ChangeAuthor } from "../../depsync/deployment-repository.ts";
import { identityOf } from "./access.ts";

/** Start of the User-Agent of `bascule deploy` and `bascule undeploy`. */
const CLI_AGENT = "bascule-cli/";

export function authorOf(request: FastifyRequest): ChangeAuthor {
  const { user, via } = identityOf(request);
  if (via === "session") return { user, via: "console" };
  const isCli = request.headers["user-agent"]?.startsWith(CLI_AGENT) ?? false;
  return { user, via: isCli ? "cli" : "api" };
}
