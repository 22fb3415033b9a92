/** The text that `bascule up` shows when all nodes are up: what runs where, how to get in, what to try. */
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { NodeStatus } from "../../runtime/node-status.ts";
import type { ClusterPlan } from "./cluster-plan.ts";
import { authorityFile } from "./first-certificates.ts";

/** Where the manager leaves the admin's first password until it is changed. */
export function firstPasswordFile(managerHome: string): string {
  return join(managerHome, "repository", "database", "initial-admin-password");
}

/** Says it when nodes have failed to start: the rest of the text looks as if all was well. */
export function readyText(statuses: readonly NodeStatus[], seconds: string): string {
  const failed = statuses.filter(({ state }) => state === "failed").map(({ name }) => name);
  if (failed.length === 0) return `Ready after ${seconds} s`;
  return `Ready after ${seconds} s, but without ${failed.join(", ")}: the nodes' own lines say why`;
}

export function welcomeText(
  plan: ClusterPlan,
  statuses: readonly NodeStatus[],
  sample: boolean,
): string {
  return [
    "",
    nodeTable(statuses),
    "",
    `  Services         ${plan.urls.services}<name>`,
    `  Services (TLS)   ${plan.urls.servicesSecure}<name>`,
    `  Console          ${plan.urls.console}`,
    `  Sign in as       admin, password: ${passwordHint(plan)}`,
    "",
    ...(sample ? examples(plan) : []),
    "  Homes and their configuration files are in " + shown(plan.dir) + "; Ctrl-C stops all nodes.",
    "",
  ].join("\n");
}

/** The nodes as aligned columns. */
export function nodeTable(statuses: readonly NodeStatus[]): string {
  const rows = statuses.map(({ name, state, pid, revision, addresses }) => [
    name,
    state,
    pid === null ? "-" : String(pid),
    revision?.slice(0, 12) ?? "-",
    addresses.join(" "),
  ]);
  const all = [["Node", "State", "Pid", "Revision", "Addresses"], ...rows];
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...all.map((row) => (row[column] ?? "").length)),
  );
  return all
    .map(
      (row) =>
        "  " +
        row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd(),
    )
    .join("\n");
}

function passwordHint(plan: ClusterPlan): string {
  const file = firstPasswordFile(join(plan.dir, "manager"));
  if (existsSync(file)) return readFileSync(file, "utf8").trim();
  return "the one you chose (`bascule reset-admin` makes a new one)";
}

function examples(plan: ClusterPlan): readonly string[] {
  const authority = shown(authorityFile(plan.dir));
  const body =
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>' +
    '<m:getQuote xmlns:m="http://services.samples"><m:request><m:symbol>IBM</m:symbol></m:request></m:getQuote>' +
    "</soapenv:Body></soapenv:Envelope>";
  return [
    "  Try it (the requests go round the workers; with the cookie they stay on one):",
    "",
    `  curl ${plan.urls.services}StockQuoteProxy -H 'Content-Type: text/xml' -H 'SOAPAction: "urn:getQuote"' -d '${body}'`,
    "",
    `  curl --cacert ${authority} -c /tmp/jar -b /tmp/jar ${plan.urls.servicesSecure}StockQuoteProxy -H 'Content-Type: text/xml' -H 'SOAPAction: "urn:getQuote"' -d '${body}'`,
    "",
    `  curl '${plan.urls.services}StockQuoteProxy?wsdl'`,
    "",
  ];
}

/** A path as a user in the current folder would type it. */
function shown(path: string): string {
  const near = relative(process.cwd(), path);
  return near.startsWith("..") ? path : near;
}
