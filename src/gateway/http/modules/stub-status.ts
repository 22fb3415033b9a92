/** `stub_status` (ngx_http_stub_status_module): the page with the counts of connections and requests. */
import { single } from "../../nginx/directive.ts";
import { activeCount } from "../connection-counts.ts";
import type { Outcome } from "../phase.ts";
import type { RequestContext } from "../request-context.ts";
import { respondError, respondText } from "../responses.ts";

export const stubStatusSettings = {
  on: single({
    name: "stub_status",
    contexts: ["server", "location"],
    arity: { min: 0, max: 1 },
    value: () => true,
    initial: false,
    inherited: false,
  }),
};

export const stubStatusEntry = { name: "stub_status", run: answer };

function answer(context: RequestContext): Outcome | Promise<Outcome> {
  return context.location.settings.stubStatus.on ? showCounts(context) : "next";
}

async function showCounts(context: RequestContext): Promise<Outcome> {
  if (context.method !== "GET" && context.method !== "HEAD") {
    await respondError(context, 405);
    return "done";
  }
  const counts = context.connectionCounts;
  const { accepted, requests, reading, writing, waiting } = counts;
  // The spaces at the ends of the lines are nginx's: readers of the page are made for them.
  const lines = [
    `Active connections: ${activeCount(counts)} `,
    "server accepts handled requests",
    ` ${accepted} ${accepted} ${requests} `,
    `Reading: ${reading} Writing: ${writing} Waiting: ${waiting} `,
    "",
  ];
  await respondText(context, 200, { type: "text/plain", body: Buffer.from(lines.join("\n")) });
  return "done";
}
