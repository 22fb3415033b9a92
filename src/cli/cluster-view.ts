/** What a manager tells of the membership, read from its API, and the lines that `bascule cluster` prints of it. */
import { AppError } from "../errors/app-error.ts";
import { askManager, errorOf, type ManagerAccess } from "./manager-client.ts";
import { printable, textTable } from "./text-table.ts";

export interface ClusterMemberRow {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly address: string;
  readonly internalHost: string;
  readonly state: string;
  readonly revision: string | null;
  readonly coordinator: boolean;
  readonly machine: string;
  readonly processId: number | null;
  /** Of the node's internal certificate; absent where it is not registered. */
  readonly certificateDaysLeft?: number;
  readonly certificateWarning?: string;
}

export interface ClusterEventRow {
  readonly number: number;
  readonly at: string;
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly address: string;
  readonly state: string;
  readonly reason?: string;
}

export interface ClusterEvents {
  /** The manager's member id: numbers begin again with another one. */
  readonly since: string;
  readonly last: number;
  readonly list: readonly ClusterEventRow[];
}

export async function askMembers(access: ManagerAccess): Promise<readonly ClusterMemberRow[]> {
  const body = await ask<{ readonly list: readonly ClusterMemberRow[] }>(access, "members");
  return body.list;
}

/** @param after the number of the last event that is known. */
export function askEvents(access: ManagerAccess, after: number): Promise<ClusterEvents> {
  return ask<ClusterEvents>(access, `events?after=${after}`);
}

/** The manager is of our own kind: the form of its answers is held by its own schema. */
async function ask<Body>(access: ManagerAccess, what: string): Promise<Body> {
  const path = `/management/cluster/${what}`;
  const { status, body } = await askManager(access, { method: "GET", path });
  if (status === 200) return body as Body;
  const reason = errorOf(body) ?? `status ${status}`;
  throw new AppError("MANAGER_UNREACHABLE", `the manager does not tell its members: ${reason}`);
}

const HEADINGS = [
  "NAME",
  "ROLE",
  "STATE",
  "ADDRESS",
  "INTERNAL HOST",
  "REVISION",
  "CERTIFICATE",
  "ID",
] as const;

/** A table, and a line for each certificate that ends soon; the coordinator has a star. */
export function memberTable(members: readonly ClusterMemberRow[]): string {
  const rows = members.map((member) => [
    `${member.name}${member.coordinator ? " *" : ""}`,
    member.role,
    member.state,
    member.address,
    member.internalHost,
    member.revision?.slice(0, 8) ?? "-",
    certificateCell(member),
    member.id,
  ]);
  const warnings = members.flatMap(({ name, certificateWarning: warning }) =>
    warning === undefined ? [] : [printable(`WARNING: ${name}: ${warning}`)],
  );
  return [textTable(HEADINGS, rows), ...warnings].join("\n");
}

/** How long the node's certificate is valid still. */
function certificateCell({ certificateDaysLeft: days }: ClusterMemberRow): string {
  if (days === undefined) return "-";
  return days < 0 ? "expired" : `${days} days`;
}

/** In WSO2's words, with what WSO2 leaves out behind them. */
export function eventLine({ at, kind, id, address, name, role, state, reason }: ClusterEventRow) {
  const what = kind === "changed" ? `Member is ${state}` : `Member ${kind}`;
  const why = reason === undefined ? "" : `, ${reason}`;
  return `${at} ${what} [${id}]: /${address} (${name}, ${role}${why})`;
}
