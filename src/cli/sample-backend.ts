/** `bascule sample-backend`: the SimpleStockQuoteService that the sample's proxy service calls. */
import { parseArgs } from "node:util";
import { AppError, messageOf } from "../errors/app-error.ts";
import { type NodeState, reportStatus } from "../runtime/node-status.ts";
import type { Command } from "./command.ts";
import { BackendServer } from "./sample/backend-server.ts";
import { untilStopped } from "./stop-signals.ts";

export const sampleBackendCommand: Command = {
  usage:
    "Usage: bascule sample-backend [--port PORT]\n\nListens on loopback, on port 9000 unless --port says otherwise.",
  async run(args) {
    const port = parsePort(args);
    const stopped = untilStopped();
    const server = await BackendServer.start(port);
    const url = `http://127.0.0.1:${port}`;
    report("active", [url]);
    console.log(`SimpleStockQuoteService listens on ${url}/services/SimpleStockQuoteService`);
    await stopped;
    await server.close();
    report("stopped", []);
    return 0;
  },
};

function parsePort(args: readonly string[]): number {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { port: { type: "string", default: "9000" } },
    });
    const port = Number(values.port);
    if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
    throw new AppError("USAGE", `--port takes a number from 1 to 65535, not "${values.port}"`);
  } catch (error) {
    throw error instanceof AppError ? error : new AppError("USAGE", messageOf(error));
  }
}

function report(state: NodeState, addresses: readonly string[]): void {
  const { pid } = process;
  reportStatus({
    name: "backend",
    role: "backend",
    state,
    pid,
    addresses,
    revision: null,
    members: [],
  });
}
