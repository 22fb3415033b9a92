/** What a manager tells of the membership, read from its API, and the lines that `bascule cluster` prints of it. */
import { AppError } from "../errors/app-error.ts";
import { askManager, errorOf, type ManagerAccess } from "./manager-client.ts";

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

const HEADINGS = ["NAME", "ROLE", "STATE", "ADDRESS", "INTERNAL HOST", "REVISION", "ID"] as const;

/** A table; the coordinator has a star. */
export function memberTable(members: readonly ClusterMemberRow[]): string {
  const rows = members.map((member) => [
    `${member.name}${member.coordinator ? " *" : ""}`,
    member.role,
    member.state,
    member.address,
    member.internalHost,
    member.revision?.slice(0, 8) ?? "-",
    member.id,
  ]);
  const all = [[...HEADINGS], ...rows];
  const widths = HEADINGS.map((_, index) => Math.max(...all.map((row) => row[index]?.length ?? 0)));
  return all
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** In WSO2's words, with what WSO2 leaves out behind them. */
export function eventLine({ at, kind, id, address, name, role, state, reason }: ClusterEventRow) {
  const what = kind === "changed" ? `Member is ${state}` : `Member ${kind}`;
  const why = reason === undefined ? "" : `, ${reason}`;
  return `${at} ${what} [${id}]: /${address} (${name}, ${role}${why})`;
}
