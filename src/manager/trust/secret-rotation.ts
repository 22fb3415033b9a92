/**
 * Replaces the cluster's secret while everything runs, in three steps that each wait until all nodes in touch have followed:
 * the new one opens beside the old one, then seals, then the old one is dropped. Where it stands is kept, so that a
 * manager that was killed in between finishes it. A node that is away gets the new secret when it asks again.
 */
import { createHash, randomBytes } from "node:crypto";
import type { ClusterSecrets } from "../../cluster/secrets.ts";
import { AppError, messageOf } from "../../errors/app-error.ts";
import type { Log } from "../../observability/log.ts";
import { type Clock, sleep } from "../../runtime/clock.ts";
import type { TrustRecords } from "../store/trust-records.ts";
import type { Acknowledgements } from "./acknowledgements.ts";

/** How long a step waits for a node that is in touch and does not follow; it catches up by itself later. */
const STEP_MS_MAX = 30_000;
/** What was sealed with the old secret may be under way for so long. */
const SETTLE_MS = 1_000;
/** After a manager's start, until all nodes that run have asked once. */
const RESUME_MS = 15_000;
const PAUSE_MS = 100;

export interface SecretRotationOptions {
  readonly records: TrustRecords;
  readonly secrets: ClusterSecrets;
  readonly acknowledgements: Acknowledgements;
  /** Names of registered nodes that membership sees, without this manager. */
  readonly live: () => readonly string[];
  /** Makes these the secrets of the material; resolves with its generation. */
  readonly publish: (secrets: readonly string[]) => Promise<number>;
  readonly log: Log;
  readonly clock: Clock;
}

export class SecretRotation {
  readonly #options: SecretRotationOptions;
  #running: Promise<void> | undefined;
  #isWantedAgain = false;
  #isClosed = false;

  constructor(options: SecretRotationOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Finishes what a manager that was killed has left. Resolves at once. */
  async resume(): Promise<void> {
    const mark = await this.#options.records.state("newSecret");
    if (mark === undefined || mark === "") return;
    this.#run(async () => {
      await this.#pause(RESUME_MS);
      await this.#finish(mark);
    });
  }

  /** Begins a rotation; resolves when its first step is published. @throws AppError MANAGER_BUSY while one runs. */
  async begin(): Promise<void> {
    if (this.isRunning) {
      const message = "a rotation of the secret is under way; `bascule secret status` shows it";
      throw new AppError("MANAGER_BUSY", message, { side: "downstream", retryable: true });
    }
    const begun = Promise.withResolvers<void>();
    this.#run(() => this.#whole(begun.resolve));
    await Promise.race([begun.promise, this.#running]);
  }

  /** As `begin`, but one that is under way is followed by another: what a removed node knows must go. */
  async expel(): Promise<void> {
    if (this.isRunning) this.#isWantedAgain = true;
    else await this.begin();
  }

  /** Resolves when nothing runs any more; for tests and for an orderly stop. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  /** What is not finished goes on at the next start. */
  close(): void {
    this.#isClosed = true;
  }

  #run(work: () => Promise<void>): void {
    const { log } = this.#options;
    this.#running = work()
      .catch((error: unknown) => {
        log.error(
          `The rotation of the secret stopped half-way: ${messageOf(error)}; both secrets count until the manager is started again`,
        );
      })
      .finally(() => {
        this.#running = undefined;
        if (!this.#isWantedAgain || this.#isClosed) return;
        this.#isWantedAgain = false;
        this.#run(() => this.#whole(() => {}));
      });
  }

  async #whole(onBegun: () => void): Promise<void> {
    const { records, secrets, publish, log } = this.#options;
    const fresh = randomBytes(32).toString("base64url");
    const [current = fresh] = secrets.all;
    await records.setState("newSecret", markOf(fresh));
    const generation = await publish([current, fresh]);
    log.info("The cluster's secret is being replaced: the new one opens beside the old one");
    onBegun();
    await this.#follow(generation);
    await this.#finish(markOf(fresh));
  }

  /** The steps after the first; to be done again they do no harm. */
  async #finish(mark: string): Promise<void> {
    const { records, secrets, publish, log } = this.#options;
    const fresh = secrets.all.find((secret) => markOf(secret) === mark);
    if (this.#isClosed) return;
    if (fresh !== undefined) {
      const old = secrets.all.filter((secret) => secret !== fresh);
      await this.#follow(await publish([fresh, ...old]));
      await this.#pause(SETTLE_MS);
      if (this.#isClosed) return;
      await this.#follow(await publish([fresh]));
      log.info("The cluster's secret was replaced; the old one opens nothing any more");
    }
    await records.setState("newSecret", "");
  }

  async #follow(generation: number): Promise<void> {
    const { acknowledgements, live, log } = this.#options;
    const isOver = (): boolean => this.#isClosed;
    const late = await acknowledgements.until(generation, { msMax: STEP_MS_MAX, live, isOver });
    if (late.length === 0 || this.#isClosed) return;
    log.warn(
      `${late.join(", ")} did not follow within ${STEP_MS_MAX / 1000} s; they catch up when they reach this manager`,
    );
  }

  /** In short waits: an orderly stop does not wait for it. */
  async #pause(ms: number): Promise<void> {
    const { clock } = this.#options;
    const endMs = clock.monotonicMs() + ms;
    while (!this.#isClosed && clock.monotonicMs() < endMs) await sleep(clock, PAUSE_MS);
  }
}

/** Names a secret in the database without telling it. */
function markOf(secret: string): string {
  return createHash("sha256").update(`bascule secret ${secret}`).digest("base64url");
}
