/** A remote repository over http whose answers to pushes can be lost after the push was taken. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { DeploymentPublisher } from "../../../src/depsync/deployment-repository.ts";
import { type GitHttpServer, startGitHttpServer } from "./git-http-server.ts";
import { publisherIn } from "./repository-room.ts";

export class LiveMoveRace {
  readonly publisher: DeploymentPublisher;
  readonly #server: GitHttpServer;

  constructor(publisher: DeploymentPublisher, server: GitHttpServer) {
    this.publisher = publisher;
    this.#server = server;
  }

  static async start(test: TestContext, folder: string): Promise<LiveMoveRace> {
    const remote = join(folder, "remote.git");
    execFileSync("git", ["init", "-q", "--bare", "--initial-branch=main", remote]);
    execFileSync("git", ["-C", remote, "config", "http.receivepack", "true"]);
    const server = await startGitHttpServer(test, folder, "u", "p");
    const url = `http://u:p@127.0.0.1:${server.port}/remote.git`;
    return new LiveMoveRace(await publisherIn(folder, { remote: url }), server);
  }

  /** The next push is taken, and its connection ends without an answer. */
  loseAnswers(): void {
    this.#server.losesPushAnswers = true;
  }
}
