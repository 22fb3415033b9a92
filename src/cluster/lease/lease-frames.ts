/** The messages of leases: all requests of a member to another one in a round, and the answer to each of them. */
import { ByteReader, MalformedBytes } from "../byte-reader.ts";
import { ByteWriter } from "../byte-writer.ts";
import { JOB_BYTES_MAX, JOBS_MAX } from "./lease-timing.ts";

/** "claim": a lease of a new term; "renew": more time for the term; "release": the job is free again. */
const KINDS = ["claim", "renew", "release"] as const;

export interface LeaseRequest {
  readonly kind: (typeof KINDS)[number];
  readonly job: string;
  readonly term: number;
}

export interface LeaseAnswer {
  readonly isGranted: boolean;
  /** The highest term of the job that the grantor knows. */
  readonly term: number;
}

export type LeaseFrame =
  | {
      readonly kind: "requests";
      readonly round: number;
      readonly requests: readonly LeaseRequest[];
    }
  /** In the order of the requests. */
  | { readonly kind: "answers"; readonly round: number; readonly answers: readonly LeaseAnswer[] };

/** Terms beyond are not accepted. */
export const TERM_MAX = 2 ** 52;
const ROUND_MAX = 2 ** 48;

export function encodeLeaseFrame(frame: LeaseFrame): Buffer {
  const isRequests = frame.kind === "requests";
  const out = new ByteWriter().whole(Number(isRequests)).whole(frame.round);
  if (isRequests) {
    out.whole(frame.requests.length);
    for (const { kind, job, term } of frame.requests)
      out.whole(KINDS.indexOf(kind)).text(job).whole(term);
  } else {
    out.whole(frame.answers.length);
    for (const { isGranted, term } of frame.answers) out.whole(Number(isGranted)).whole(term);
  }
  return out.finish();
}

/** @throws MalformedBytes. */
export function decodeLeaseFrame(bytes: Buffer): LeaseFrame {
  const from = new ByteReader(bytes);
  const isRequests = from.whole("the kind", 1) === 1;
  const round = from.whole("the round", ROUND_MAX);
  const count = from.whole("the number of jobs", JOBS_MAX);
  const frame: LeaseFrame = isRequests
    ? { kind: "requests", round, requests: Array.from({ length: count }, () => readRequest(from)) }
    : { kind: "answers", round, answers: Array.from({ length: count }, () => readAnswer(from)) };
  from.end();
  return frame;
}

function readRequest(from: ByteReader): LeaseRequest {
  const kind = KINDS[from.whole("the kind of a request", KINDS.length - 1)];
  if (kind === undefined) throw new MalformedBytes("the kind of a request is unknown");
  const job = from.text("the job", JOB_BYTES_MAX);
  return { kind, job, term: from.whole("the term", TERM_MAX) };
}

function readAnswer(from: ByteReader): LeaseAnswer {
  const isGranted = from.whole("the grant", 1) === 1;
  return { isGranted, term: from.whole("the term", TERM_MAX) };
}
