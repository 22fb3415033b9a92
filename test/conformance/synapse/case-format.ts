/**
 * The form of a folder of acceptance cases: cases.json beside the configurations that it names. Read by the runner of
 * cases and by the suite; fields that are not listed here are for people.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface CaseRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | null;
}

export interface Case {
  readonly id: string;
  readonly family: string;
  /** The file to deploy, relative to the folder of the cases. */
  readonly config: string;
  readonly dependsOn?: readonly string[];
  /** What must listen, for example "SimpleStockQuoteService SOAP :9000"; "none" is nothing. */
  readonly backend?: readonly string[];
  readonly request: CaseRequest;
  /** Further requests, in order; each starts from the case's own request. */
  readonly steps?: readonly CaseStep[];
  readonly expect: Expectation;
  readonly notes?: string;
  readonly inEi611?: boolean;
}

/** One step of a case with state. The repeat has several names in the sets that exist. */
export interface CaseStep {
  readonly request?: Partial<CaseRequest>;
  readonly repeat?: number;
  readonly times?: number;
  readonly count?: number;
  /** Before the step, in milliseconds. */
  readonly waitMs?: number;
  readonly delayMs?: number;
  readonly sleepMs?: number;
  readonly expect?: Expectation;
}

export interface ElementCount {
  readonly localName: string;
  readonly count: number;
}

export interface Expectation {
  readonly status?: number | null;
  readonly contains?: readonly string[];
  readonly notContains?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly headerOnce?: string;
  readonly bodyEquals?: string;
  readonly jsonEquals?: unknown;
  readonly bodyEmpty?: boolean;
  readonly logContains?: readonly string[];
  readonly countElements?: ElementCount | readonly ElementCount[];
  readonly soapFault?: Readonly<Partial<Record<FaultPart, string>>>;
  readonly backendReceives?: number;
  readonly backendRequestContains?: readonly string[];
}

export type FaultPart = "code" | "reason" | "role" | "detail";

/** @throws Error when the folder has no readable cases.json. */
export function readCases(folder: string): readonly Case[] {
  return JSON.parse(readFileSync(join(folder, "cases.json"), "utf8")) as readonly Case[];
}

/** The files that a case deploys, the configuration first. */
export function filesOf(item: Case): readonly string[] {
  return [item.config, ...(item.dependsOn ?? [])];
}
