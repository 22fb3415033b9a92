/** Directives of the main level and of `events` (ngx_core_module, ngx_events_module). */
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import { accepted, block, durationMs, flag, single, type Setting } from "../../nginx/directive.ts";

export const eventsBlock = block({ name: "events", contexts: ["main"], opens: "events" });
export const httpBlock = block({ name: "http", contexts: ["main"], opens: "http" });

/** The gateway runs in the foreground; `bascule up` or a service manager puts it in the background. */
const daemon: Setting<boolean> = single({
  name: "daemon",
  contexts: ["main"],
  missing: '"on": a warning says that the gateway stays in the foreground',
  value(args, scope) {
    const on = flag(args, scope);
    if (on) scope.warn('"daemon on" has no effect, the gateway stays in the foreground');
    return on;
  },
  initial: false,
});

const pid: Setting<string, undefined> = single<string, undefined>({
  name: "pid",
  contexts: ["main"],
  value: ([path = ""], scope) => scope.runtimePath(path),
  initial: undefined,
});

const workerProcesses: Setting<string> = single({
  name: "worker_processes",
  contexts: ["main"],
  missing: "more than one process: a warning says that one serves all",
  value([text = ""], scope) {
    if (text !== "auto" && !/^[1-9]\d*$/.test(text)) {
      throw new DirectiveFault('"worker_processes" directive invalid value');
    }
    if (text !== "1")
      scope.warn(`"worker_processes ${text}" has no effect, one process serves all`);
    return text;
  },
  initial: "1",
});

/** How long an old configuration's requests may go on after a reload or QUIT; 0: as long as they take. */
const workerShutdownTimeout: Setting<number> = single({
  name: "worker_shutdown_timeout",
  contexts: ["main"],
  value: durationMs,
  initial: 0,
});

export const mainSettings = { daemon, pid, workerProcesses, workerShutdownTimeout };

/** Tuning of nginx's own process model, accepted so that existing files load. */
export const mainAccepted = [
  accepted("user", ["main"], { min: 1, max: 2 }),
  accepted("worker_rlimit_nofile", ["main"]),
  accepted("worker_cpu_affinity", ["main"], { min: 1, max: 64 }),
  accepted("worker_connections", ["events"]),
  accepted("multi_accept", ["events"]),
  accepted("use", ["events"]),
];
