/** A git server over http with basic authentication, as a remote for tests: git's own http-backend behind node:http. */
import { spawn } from "node:child_process";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

export interface GitHttpServer {
  readonly port: number;
  /** Authorization headers that came, undefined for requests without. */
  readonly authorizations: (string | undefined)[];
  /** Whether the next push is taken and its connection then ends without an answer. */
  losesPushAnswers: boolean;
}

/** Serves the repositories in `root` to one user until the test ends. */
export async function startGitHttpServer(
  test: TestContext,
  root: string,
  user: string,
  password: string,
): Promise<GitHttpServer> {
  const expected = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  const authorizations: (string | undefined)[] = [];
  const state = { port: 0, authorizations, losesPushAnswers: false };
  const server = createServer((request, response) => {
    authorizations.push(request.headers.authorization);
    if (request.headers.authorization === expected)
      runBackend({ root, user, state }, request, response);
    else response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end();
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  test.after(() => void server.close());
  const { port } = server.address() as AddressInfo;
  state.port = port;
  return state;
}

function runBackend(
  {
    root,
    user,
    state,
  }: { readonly root: string; readonly user: string; readonly state: GitHttpServer },
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const url = new URL(request.url ?? "/", "http://localhost");
  const backend = spawn("git", ["http-backend"], {
    env: {
      PATH: "/usr/bin:/bin",
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers["content-type"],
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"],
      GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
      REMOTE_USER: user,
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  request.pipe(backend.stdin);
  const chunks: Buffer[] = [];
  backend.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  backend.on("close", () => {
    const isLost = state.losesPushAnswers && url.pathname.endsWith("/git-receive-pack");
    if (isLost) state.losesPushAnswers = false;
    if (isLost) request.socket.destroy();
    else answer(Buffer.concat(chunks), response);
  });
}

/** Turns the CGI answer into an HTTP one. */
function answer(output: Buffer, response: ServerResponse): void {
  const end = output.indexOf("\r\n\r\n");
  let status = 200;
  for (const line of output.subarray(0, end).toString("latin1").split("\r\n")) {
    const [name = "", value = ""] = line.split(": ");
    if (name.toLowerCase() === "status") status = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  response.writeHead(status).end(output.subarray(end + 4));
}
