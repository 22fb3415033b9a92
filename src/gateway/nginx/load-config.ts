/**
 * A configuration file → GatewayConfig, or a ConfigError with everything that is wrong with it. The only way
 * in for the command and for a reload. Order: parse, analyse, variables, host names, compile.
 */
import { lookup } from "node:dns/promises";
import { dirname, resolve } from "node:path";
import { ConfigProblems, type SourcePlace } from "../../errors/config-error.ts";
import { checkSharedZones, compileCluster } from "../cluster-directives.ts";
import type { GatewayConfig } from "../gateway-config.ts";
import { compileListeners } from "../http/compile-servers.ts";
import { compileZones } from "../http/compile-zones.ts";
import {
  accessLogSettings,
  accessLogTargets,
  COMBINED_FORMAT,
  logFormat,
  type LogFormat,
  readFormatParts,
} from "../http/modules/access-log.ts";
import { clientBodySettings } from "../http/modules/client-body.ts";
import { proxyBufferSettings } from "../http/modules/proxy-buffers.ts";
import { rootSetting } from "../http/modules/core.ts";
import { errorLogSettings } from "../http/modules/error-log.ts";
import { mainSettings } from "../http/modules/main-level.ts";
import { compileMap } from "../http/modules/map.ts";
import { variableLookup } from "../http/variables/variables.ts";
import { compileUpstreams, type HostLookup } from "../upstream/compile-upstreams.ts";
import { analyze, reportFault, toDirectiveTable } from "./analyze.ts";
import { Block } from "./block.ts";
import { type ConfigFiles, systemFiles } from "./config-files.ts";
import { DirectiveScope, type ReadingState } from "./directive-scope.ts";
import { DIRECTIVES } from "./directives.ts";
import { Parser } from "./parser.ts";
import { Template, type VariableReader } from "./template.ts";

export interface LoadOptions {
  /** Absolute path of the main file (`-c`). */
  readonly file: string;
  /** Absolute; base of log and pid files (`-p`). */
  readonly prefix: string;
  /** Directives of the main level beside the file (`-g`). Default: none. */
  readonly extraDirectives?: string;
  /** Path of the error log where the configuration names none (`-e`). Default: <prefix>/logs/error.log. */
  readonly errorLogFile?: string;
  /** Default: the machine's. */
  readonly files?: ConfigFiles;
  /** Default: the system's resolver. */
  readonly lookupHost?: HostLookup;
}

const TABLE = toDirectiveTable(DIRECTIVES);

/** @throws ConfigError CONFIG_INVALID with all problems. */
export async function loadGatewayConfig(options: LoadOptions): Promise<GatewayConfig> {
  const { file, prefix, files = systemFiles, lookupHost = lookupSystemHost } = options;
  const problems = new ConfigProblems();
  const folder = dirname(file);
  const captureNames = new Set<string>();
  const setNames = new Set<string>();
  const state: ReadingState = {
    problems,
    files,
    prefix,
    folder,
    templates: [],
    captureNames,
    setNames,
    hosts: [],
  };
  const place: SourcePlace = { file, line: 1 };
  const parser = new Parser(files, problems, folder);
  const extra = parser.parseText(options.extraDirectives ?? "", "command line");
  const main = analyze([...extra, ...parser.parseFile(file, place)], TABLE, state, place);
  const http = main.childrenIn("http")[0] ?? new Block("http", { args: [], place }, main);
  setPathDefaults(main, http, options, place);
  const logFormats = compileLogFormats(http, state);
  const upstreams = await compileUpstreams(http, lookupHost, state);
  const listeners = compileListeners(http, state);
  await resolveHosts(state, lookupHost);
  const zones = compileZones(http, problems);
  const cluster = compileCluster(main);
  checkSharedZones(http, cluster !== undefined, problems);
  bindVariables(http, state);
  const logFiles = compileLogFiles(main, logFormats, problems);
  problems.throwIfErrors();
  return {
    file,
    sources: parser.sources,
    warnings: problems.warnings,
    pidFile: main.get(mainSettings.pid) ?? resolve(prefix, "logs/gateway.pid"),
    workerShutdownTimeoutMs: main.get(mainSettings.workerShutdownTimeout),
    errorLogs: main.get(errorLogSettings.logs),
    logFormats,
    logFiles,
    ...zones,
    listeners,
    upstreams,
    cluster,
  };
}

/** Finds the addresses that directives have asked for by name. */
async function resolveHosts(
  { hosts, problems }: ReadingState,
  lookupHost: HostLookup,
): Promise<void> {
  for (const { name, asker, place, found } of hosts) {
    const addresses = await lookupHost(name).catch(() => []);
    if (addresses.length === 0) problems.error(place, `host not found in ${asker} "${name}"`);
    found(addresses);
  }
}

/** Every address of the system's resolver. */
async function lookupSystemHost(host: string): Promise<readonly string[]> {
  const addresses = await lookup(host, { all: true });
  return addresses.map(({ address }) => address);
}

/** Where nothing is configured, logs, pages and temporary files have their places under the prefix, as in nginx. */
function setPathDefaults(
  main: Block,
  http: Block,
  { prefix, errorLogFile = resolve(prefix, "logs/error.log") }: LoadOptions,
  place: SourcePlace,
): void {
  if (main.own(errorLogSettings.logs) === undefined) {
    main.set(errorLogSettings.logs, [{ path: errorLogFile, level: "error" }]);
  }
  if (http.own(rootSetting) === undefined) {
    http.set(rootSetting, { base: new Template(resolve(prefix, "html"), place), isAlias: false });
  }
  for (const folder of [clientBodySettings.tempPath, proxyBufferSettings.tempPath]) {
    if (http.own(folder) === undefined) http.set(folder, resolve(prefix, folder.initial));
  }
  if (http.own(accessLogSettings.choices) === undefined) {
    const path = resolve(prefix, "logs/access.log");
    const target = {
      path,
      pathTemplate: undefined,
      buffer: undefined,
      formatName: "combined",
      condition: undefined,
      place,
    };
    http.set(accessLogSettings.choices, [target]);
  }
}

function compileLogFormats(http: Block, state: ReadingState): ReadonlyMap<string, LogFormat> {
  const scope = new DirectiveScope("log_format", http.place, state);
  const parts = readFormatParts(COMBINED_FORMAT, scope);
  const formats = new Map<string, LogFormat>([
    ["combined", { name: "combined", parts, escape: "default", place: http.place }],
  ]);
  for (const format of http.get(logFormat)) {
    if (formats.has(format.name)) {
      state.problems.error(format.place, `duplicate "log_format" name "${format.name}"`);
    }
    formats.set(format.name, format);
  }
  return formats;
}

/** Defines the variables of `map` blocks, then binds every template of the configuration. */
function bindVariables(http: Block, state: ReadingState): void {
  const own = new Map<string, VariableReader>();
  for (const block of http.childrenIn("map")) {
    try {
      const { name, reader } = compileMap(block, state);
      own.set(name, reader);
    } catch (error) {
      reportFault(error, block.place, state);
    }
  }
  const find = variableLookup(own, new Set([...state.captureNames, ...state.setNames]));
  for (const template of state.templates) {
    for (const name of template.bind(find)) {
      state.problems.error(template.place, `unknown "${name}" variable`);
    }
  }
}

/** The paths of all logs of all levels; formats that do not exist are problems. */
function compileLogFiles(
  block: Block,
  formats: ReadonlyMap<string, LogFormat>,
  problems: ConfigProblems,
): readonly string[] {
  const paths = new Set<string>();
  for (const { path } of block.own(errorLogSettings.logs) ?? []) {
    if (path !== "stderr") paths.add(path);
  }
  for (const target of accessLogTargets(block.own(accessLogSettings.choices) ?? [])) {
    if (!target.pathTemplate) paths.add(target.path);
    if (!formats.has(target.formatName)) {
      problems.error(target.place, `unknown log format "${target.formatName}"`);
    }
  }
  for (const child of block.children) {
    for (const path of compileLogFiles(child, formats, problems)) paths.add(path);
  }
  return [...paths];
}
