/**
 * `bascule gateway`, also `bascule-gateway`: runs the gateway, tests its configuration, or signals a running
 * one, with nginx's flags and nginx's messages under our name.
 */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { AppError } from "../errors/app-error.ts";
import { ConfigError, formatProblem } from "../errors/config-error.ts";
import type { GatewayConfig } from "../gateway/gateway-config.ts";
import { loadGatewayConfig } from "../gateway/nginx/load-config.ts";
import { describeSystemError } from "../gateway/nginx/system-error.ts";
import { createLog } from "../observability/log.ts";
import { systemClock } from "../runtime/clock.ts";
import { reportStatus } from "../runtime/node-status.ts";
import { PRODUCT_VERSION } from "../runtime/product.ts";
import { REMOVED_STATUS } from "../runtime/removed-status.ts";
import type { Command } from "./command.ts";
import {
  checkFileGiven,
  type GatewayArguments,
  parseGatewayArguments,
  type SignalWord,
} from "./gateway-arguments.ts";
import { GatewayNode, gatewayName, gatewayUrls } from "./gateway-node.ts";
import { autocluster } from "./trust/autocluster.ts";

const USAGE = `Usage: bascule gateway [-tTqvV] [-c FILE] [-p PREFIX] [-e FILE] [-g DIRECTIVES] [-s SIGNAL]

  -c FILE        the configuration file (default: PREFIX/conf/gateway.conf)
  -p PREFIX      base of relative paths of logs and the pid file (default: the file's folder)
  -e FILE        the error log where the configuration names none
  -g DIRECTIVES  directives of the main level beside the file
  -t             test the configuration and exit
  -T             test the configuration, print it and exit
  -q             print nothing but errors while testing
  -s SIGNAL      signal the running gateway: stop, quit, reopen, reload
  -v, -V         print the version; -V with what it was built with`;

const SIGNALS: Readonly<Record<SignalWord, NodeJS.Signals>> = {
  stop: "SIGTERM",
  quit: "SIGQUIT",
  reopen: "SIGUSR1",
  reload: "SIGHUP",
};

export const gatewayCommand: Command = {
  usage: USAGE,
  async run(args) {
    const given = parseGatewayArguments(args, process.cwd());
    if (given.mode === "version" || given.mode === "build") return printVersion(given.mode);
    checkFileGiven(given, args);
    try {
      return await runMode(given);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      printProblems(error, given);
      return error.code === "NODE_REMOVED" ? REMOVED_STATUS : 1;
    }
  },
};

async function runMode(given: GatewayArguments): Promise<number> {
  if (given.mode === "run" && given.signal === undefined) await joinByItself(given.prefix);
  const load = () => loadFrom(given);
  const config = await load();
  if (given.mode === "run") return runNode(config, load);
  if (given.signal) return sendSignal(config, given.signal);
  printWarnings(config);
  if (!given.quiet) {
    say(`the configuration file ${given.file} syntax is ok`);
    say(`configuration file ${given.file} test is successful`);
  }
  if (given.mode === "dump") {
    for (const { path, text } of config.sources)
      console.log(`# configuration file ${path}:\n${text}`);
  }
  return 0;
}

/** Where $BASCULE_AUTOCLUSTER_FIRST names a manager and the home is clean. */
function joinByItself(home: string): Promise<void> {
  return autocluster({
    home,
    role: "gateway",
    properties: {},
    environment: process.env,
    clock: systemClock,
    say: (sentence) => console.log(sentence),
  });
}

function loadFrom({
  file,
  prefix,
  errorLogFile,
  extraDirectives,
}: GatewayArguments): Promise<GatewayConfig> {
  return loadGatewayConfig({
    file,
    prefix,
    ...(errorLogFile === undefined ? {} : { errorLogFile }),
    ...(extraDirectives === undefined ? {} : { extraDirectives }),
  });
}

/** Messages go to stderr, as nginx's do. */
function say(sentence: string): void {
  console.error(`bascule-gateway: ${sentence}`);
}

function printWarnings(config: GatewayConfig): void {
  for (const warning of config.warnings) say(`[warn] ${formatProblem(warning)}`);
}

function printProblems(error: AppError, { mode, file }: GatewayArguments): void {
  const lines =
    error instanceof ConfigError ? error.problems.map(formatProblem) : error.message.split("\n");
  for (const line of lines) say(`[emerg] ${line}`);
  if (mode === "test" || mode === "dump") say(`configuration file ${file} test failed`);
}

function printVersion(mode: "version" | "build"): number {
  say(`version: bascule/${PRODUCT_VERSION}`);
  if (mode === "build") {
    console.error(
      `built with Node.js ${process.versions.node}, OpenSSL ${process.versions.openssl}`,
    );
    console.error("TLS SNI support enabled");
  }
  return 0;
}

function sendSignal(config: GatewayConfig, word: SignalWord): number {
  const { pidFile } = config;
  let text: string;
  try {
    text = readFileSync(pidFile, "utf8").trim();
  } catch (error) {
    say(`[error] open() "${pidFile}" failed (${describeSystemError(error)})`);
    return 1;
  }
  if (!/^[1-9]\d*$/.test(text)) {
    say(`[error] invalid PID number "${text}" in "${pidFile}"`);
    return 1;
  }
  try {
    process.kill(Number(text), SIGNALS[word]);
    return 0;
  } catch (error) {
    say(`[alert] kill(${text}, ${SIGNALS[word]}) failed (${describeSystemError(error)})`);
    return 1;
  }
}

async function runNode(config: GatewayConfig, load: () => Promise<GatewayConfig>): Promise<number> {
  const startedMs = systemClock.monotonicMs();
  const name = gatewayName(config);
  const sinks = [{ write: (line: string) => void process.stdout.write(line) }];
  const log = createLog({ node: name, sinks });
  log.info(`Starting Bascule ${PRODUCT_VERSION}, gateway on ${hostname()} (pid ${process.pid})`);
  for (const warning of config.warnings) log.warn(formatProblem(warning));
  const removed = Promise.withResolvers<"removed">();
  const node = new GatewayNode({
    config,
    load,
    log,
    clock: systemClock,
    onStatus: reportStatus,
    onRemoved: () => removed.resolve("removed"),
  });
  const stopped = untilEnded(node, removed.promise, (sentence) => log.info(sentence));
  const serves = await node.start();
  const seconds = ((systemClock.monotonicMs() - startedMs) / 1000).toFixed(1);
  for (const url of serves ? gatewayUrls(config) : []) log.info(`Listening        : ${url}`);
  if (serves) log.info(`Bascule gateway ${name} started in ${seconds} sec`);
  const reason = await stopped;
  log.info("Stopped");
  return reason === "removed" ? REMOVED_STATUS : 0;
}

/**
 * nginx's signals, and the removal from the cluster, which is a SIGQUIT. Resolves with the first reason when the node has
 * stopped. A second signal to stop ends the process at once.
 */
function untilEnded(
  node: GatewayNode,
  removed: Promise<"removed">,
  tell: (sentence: string) => void,
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let asked = 0;
  const end = (reason: string, close: () => Promise<void>): void => {
    if (reason !== "removed" && asked++ > 0 && reason !== "parent gone") process.exit(1);
    tell(`Stopping (${reason}) ...`);
    close().then(() => resolve(reason), reject);
  };
  void removed.then((reason) => end(reason, () => node.quit()));
  process.on("SIGTERM", () => end("SIGTERM", () => node.stop()));
  process.on("SIGINT", () => end("SIGINT", () => node.stop()));
  process.on("SIGQUIT", () => end("SIGQUIT", () => node.quit()));
  process.on("disconnect", () => end("parent gone", () => node.quit()));
  process.on("SIGHUP", () => void node.reload());
  process.on("SIGUSR1", () => node.reopenLogs());
  return promise;
}
