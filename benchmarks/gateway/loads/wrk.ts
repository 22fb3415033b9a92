/**
 * wrk with a generated Lua script: the requests, and at the end one line of JSON with exact figures instead of
 * wrk's rounded text. Requests with cookies are formatted once, before the load.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LoadResult } from "../sample.ts";
import type { Workplace } from "../workplace.ts";
import { runTool } from "./tool-run.ts";

export interface WrkRequests {
  readonly path: string;
  /** Present: a POST with so many bytes. */
  readonly bodyBytes?: number;
  /** Present: a POST with this body and these header fields. */
  readonly message?: { readonly body: string; readonly headers: Readonly<Record<string, string>> };
  /** `Connection: close` on each request. */
  readonly closing?: boolean;
  /** Present: each request carries the cookie with this name and one of so many session ids, at random. */
  readonly sessions?: { readonly cookie: string; readonly count: number };
}

export interface WrkRun {
  readonly url: string;
  readonly requests: WrkRequests;
  readonly connections: number;
  readonly seconds: number;
}

/** With five digits more, as long as an id of Tomcat's. */
const SESSION_PREFIX = "A0B1C2D3E4F5A6B7C8D9E0F1A2B";

/** The id of the nth session; up to 2^20 of them. */
export function sessionId(number: number): string {
  return `${SESSION_PREFIX}${number.toString(16).toUpperCase().padStart(5, "0")}`;
}

export async function runWrk(workplace: Workplace, run: WrkRun): Promise<LoadResult> {
  const script = join(workplace.folder, "wrk.lua");
  writeFileSync(script, luaScript(run.requests));
  const output = await runTool(
    workplace,
    [
      "wrk",
      "-t1",
      `-c${run.connections}`,
      `-d${run.seconds}s`,
      "--timeout",
      "10s",
      "-s",
      script,
      `${run.url}${run.requests.path}`,
    ],
    run.seconds + 30,
  );
  return parseWrk(output);
}

const RESULT = /^RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)$/m;

/** Reads the line that the script prints. @throws Error when there is none. */
export function parseWrk(output: string): LoadResult {
  const found = RESULT.exec(output);
  if (!found) throw new Error(`wrk printed no result: ${output.trim().slice(-500)}`);
  const [done = 0, micros = 0, p50 = 0, p99 = 0, ...errors] = found.slice(1).map(Number);
  const kinds = ["connect", "read", "write", "status", "timeout"];
  return {
    done,
    seconds: micros / 1_000_000,
    p50Ms: p50 / 1000,
    p99Ms: p99 / 1000,
    faults: kinds.flatMap((kind, index) =>
      (errors[index] ?? 0) > 0 ? [`wrk counted ${errors[index]} ${kind} errors`] : [],
    ),
  };
}

/** Exported for its test. */
export function luaScript(requests: WrkRequests): string {
  const closing = requests.closing ? 'wrk.headers["Connection"] = "close"\n' : "";
  const body =
    requests.bodyBytes === undefined
      ? ""
      : `wrk.method = "POST"\nwrk.body = string.rep("x", ${requests.bodyBytes})\n`;
  const message = messageLines(requests);
  return `wrk.headers["Host"] = "localhost"\n${closing}${body}${message}${sessionLines(requests)}${DONE}`;
}

/** The body stands in one of Lua's long brackets: it must not hold "]==]". */
function messageLines({ message }: WrkRequests): string {
  if (!message) return "";
  const fields = Object.entries(message.headers).map(
    ([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}\n`,
  );
  return `wrk.method = "POST"\nwrk.body = [==[${message.body}]==]\n${fields.join("")}`;
}

function sessionLines({ sessions }: WrkRequests): string {
  if (!sessions) return "";
  const { cookie, count } = sessions;
  return `local formatted = {}
function init(args)
  for n = 1, ${count} do
    wrk.headers["Cookie"] = string.format("${cookie}=${SESSION_PREFIX}%05X", n - 1)
    formatted[n] = wrk.format()
  end
end
function request()
  return formatted[math.random(${count})]
end
`;
}

const DONE = `function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("\\nRESULT %d %d %d %d %d %d %d %d %d\\n",
    summary.requests - e.status, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect, e.read, e.write, e.status, e.timeout))
end
`;
