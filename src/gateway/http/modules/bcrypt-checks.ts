/**
 * bcrypt passwords of `auth_basic_user_file` ($2a$, $2b$, $2y$). The only place that knows the bcryptjs package.
 * A check takes tenths of a second, so each runs on a thread of its own, one after the other for each
 * user file, and a password that has matched is remembered as a keyed digest. This file is also
 * what the thread runs.
 */
import { compareSync } from "bcryptjs";
import { createHmac, randomBytes } from "node:crypto";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

/** A hash of a higher cost is refused: each step doubles the time, and 14 takes about a second already. */
export const BCRYPT_COST_MAX = 14;
/** Passwords that are remembered for each user file; the one used longest ago goes first. */
const KNOWN_MAX = 1000;
/** Checks that may wait for their turn; a further one counts as failed. */
const WAITING_MAX = 100;

const FORM = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;

/** The cost of a bcrypt hash; undefined: the text is none. */
export function bcryptCost(hash: string): number | undefined {
  const digits = FORM.exec(hash)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Compares a password with a hash; what tests replace. */
export type BcryptCompare = (password: string, hash: string) => Promise<boolean>;

export class BcryptChecks {
  readonly #compare: BcryptCompare;
  readonly #key = randomBytes(32);
  /** Keyed digests of hash and password, in the order of their use. */
  readonly #known = new Set<string>();
  #waitingCount = 0;
  #turn: Promise<unknown> = Promise.resolve();

  /** @param compare default: on a thread. */
  constructor(compare: BcryptCompare = compareOnThread) {
    this.#compare = compare;
  }

  /**
   * `password`: text; more than its first 72 bytes do not count, as in every bcrypt.
   * @throws Error when too many checks wait or the thread fails.
   */
  async check(password: string, hash: string): Promise<boolean> {
    const digest = createHmac("sha256", this.#key).update(`${hash}\n${password}`).digest("base64");
    if (this.#known.delete(digest)) {
      this.#known.add(digest);
      return true;
    }
    const matches = await this.#inTurn(() => this.#compare(password, hash));
    if (matches) this.#remember(digest);
    return matches;
  }

  async #inTurn(work: () => Promise<boolean>): Promise<boolean> {
    if (this.#waitingCount >= WAITING_MAX) throw new Error("too many password checks are waiting");
    this.#waitingCount++;
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    try {
      return await result;
    } finally {
      this.#waitingCount--;
    }
  }

  #remember(digest: string): void {
    const [oldest] = this.#known;
    if (this.#known.size >= KNOWN_MAX && oldest !== undefined) this.#known.delete(oldest);
    this.#known.add(digest);
  }
}

/** What the thread is given; `task` tells it from other threads that may load this file. */
interface ThreadTask {
  readonly task: "bcrypt";
  readonly password: string;
  readonly hash: string;
}

function compareOnThread(password: string, hash: string): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const task: ThreadTask = { task: "bcrypt", password, hash };
  const thread = new Worker(new URL(import.meta.url), { workerData: task, env: {} });
  thread.once("message", (matches: unknown) => resolve(matches === true));
  thread.once("error", reject);
  thread.once("exit", (code) => reject(new Error(`the password check ended with ${code}`)));
  return promise;
}

function isTask(data: unknown): data is ThreadTask {
  return typeof data === "object" && data !== null && "task" in data && data.task === "bcrypt";
}

const given: unknown = workerData;
if (!isMainThread && isTask(given)) {
  parentPort?.postMessage(compareSync(given.password, given.hash), []);
}
