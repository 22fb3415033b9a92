/**
 * Serves one bare repository over git's smart HTTP: everybody who was let in may read; a push goes to `main`, forward
 * only, checked by git and bounded, and never while this process writes the repository itself. Who may do what is
 * the caller's business (the manager's route `/repository.git`), which also hands in what is told after a push.
 */
import { type Readable, pipeline } from "node:stream";
import { AppError, messageOf, systemCodeOf } from "../../errors/app-error.ts";
import type { Log } from "../../observability/log.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { OwnRepository } from "../deployment-repository.ts";
import type { ConfigPair } from "../git-process.ts";
import { MAIN_REF } from "../ref-names.ts";
import { type BackendAnswer, type BackendCall, runBackend } from "./backend-process.ts";
import { type Say, withReport } from "./push-report.ts";
import type { RepositoryRequest } from "./repository-request.ts";
import { spooled, unpackedBody } from "./request-body.ts";

/** Exchanges at once; the next one is turned away. */
export const EXCHANGES_MAX = 32;
/** A push, unpacked. Larger: more disk and time for one push. */
const PUSH_BYTES_MAX = 64 * 1024 * 1024;
/** What a reader asks for: names of commits, 10,000 are half a megabyte. */
const WANTS_BYTES_MAX = 8 * 1024 * 1024;
/** Before a large push git sends a request that pushes nothing, to find out whether it may. */
const PROBE_BYTES = "0000".length;
/** While a push is deployed its client hears something this often. */
const KEEP_ALIVE_MS = 5_000;
/** How long what a refused client still sends is taken. */
const LINGER_MS = 2_000;

const READ_CONFIG: readonly ConfigPair[] = [
  ["http.uploadpack", "true"],
  ["http.receivepack", "false"],
  ["http.getanyfile", "false"],
];
const WRITE_CONFIG: readonly ConfigPair[] = [
  ["http.uploadpack", "false"],
  ["http.receivepack", "true"],
  ["http.getanyfile", "false"],
  ["receive.denyNonFastForwards", "true"],
  ["receive.denyDeletes", "true"],
  ["receive.fsckObjects", "true"],
  ["receive.maxInputSize", String(PUSH_BYTES_MAX)],
  ["receive.advertisePushOptions", "false"],
  ["receive.autogc", "false"],
  // All refs are closed to pushes, then one is opened: the last pattern that fits counts.
  ["receive.hideRefs", "refs"],
  ["receive.hideRefs", `!${MAIN_REF}`],
];

export interface HttpBackendOptions {
  readonly repository: OwnRepository;
  /** Where a push lies until git has it. Absolute. */
  readonly spoolFolder: string;
  readonly log: Log;
  readonly clock: Clock;
}

/** One request, from somebody who may make it. */
export interface Exchange {
  readonly request: RepositoryRequest;
  readonly protocol: string;
  readonly user: string;
  /** Undefined exactly when the step is "advertise". */
  readonly body: Readable | undefined;
  /** Of `Content-Encoding`. */
  readonly encoding: string | undefined;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
  /**
   * Called once after a push was taken in, whoever still listens; what it says reaches the client, and the answer ends with it.
   * Must not reject.
   */
  readonly afterPush: (say: Say) => Promise<void>;
}

export class HttpBackend {
  readonly #options: HttpBackendOptions;
  #exchanges = 0;

  constructor(options: HttpBackendOptions) {
    this.#options = options;
  }

  /** @throws AppError MANAGER_BUSY, REQUEST_INVALID; DEPLOYMENT_REPOSITORY when git does not answer. */
  async answer(exchange: Exchange): Promise<BackendAnswer> {
    if (this.#exchanges >= EXCHANGES_MAX) {
      const message = `${EXCHANGES_MAX} clients use the repository at this moment; try again in a moment`;
      throw new AppError("MANAGER_BUSY", message, { retryable: true });
    }
    this.#exchanges += 1;
    try {
      const answer = await this.#answer(exchange);
      answer.body.once("close", () => {
        this.#exchanges -= 1;
      });
      return answer;
    } catch (error) {
      if (exchange.body) await drained(exchange.body, this.#options.clock);
      this.#exchanges -= 1;
      throw asAppError(error);
    }
  }

  async #answer(exchange: Exchange): Promise<BackendAnswer> {
    const { request, body, encoding } = exchange;
    if (!body) return this.#run(exchange, undefined);
    if (request.service === "git-upload-pack")
      return this.#run(exchange, unpackedBody(body, encoding, WANTS_BYTES_MAX));
    return this.#push(exchange, unpackedBody(body, encoding, PUSH_BYTES_MAX));
  }

  #run(
    { request, protocol, user, signal }: Exchange,
    input: BackendCall["input"],
  ): Promise<BackendAnswer> {
    const { repository, clock, log } = this.#options;
    const config = request.service === "git-receive-pack" ? WRITE_CONFIG : READ_CONFIG;
    const { gitDir } = repository;
    return runBackend({ gitDir, request, protocol, user, config, input }, { clock, log, signal });
  }

  /** git runs alone in the repository, and only once the whole push is there. */
  async #push(exchange: Exchange, body: Readable): Promise<BackendAnswer> {
    const { repository, spoolFolder, clock } = this.#options;
    const { file, bytes } = await spooled(body, spoolFolder);
    const started = Promise.withResolvers<BackendAnswer>();
    const written = repository.write(async () => {
      try {
        const answer = await this.#run(exchange, file.fd);
        started.resolve(answer);
        await answer.over;
      } finally {
        await file.close();
      }
    });
    written.catch(started.reject);
    const answer = await started.promise;
    if (bytes <= PROBE_BYTES) return answer;
    let isTold = false;
    const after = async (say: Say): Promise<void> => {
      await written.catch(() => {});
      if (isTold) return;
      isTold = true;
      const timer = clock.every(KEEP_ALIVE_MS, () => say(""));
      await exchange.afterPush(say).finally(() => timer.cancel());
    };
    const report = withReport(after);
    // A client that has gone before git had said all changes nothing of what was pushed.
    report.once("close", () => void after(() => {}));
    return { ...answer, body: pipeline(answer.body, report, () => {}) };
  }
}

/** Reads what still comes and forgets it, for a moment: a client that sends reads no answer, and loses it when it is cut off. */
async function drained(body: Readable, clock: Clock): Promise<void> {
  if (body.readableEnded || body.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = clock.after(LINGER_MS, resolve);
  for (const event of ["end", "close", "error"]) body.once(event, () => resolve());
  body.resume();
  await promise;
  timer.cancel();
}

function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if ((systemCodeOf(error) ?? "").startsWith("Z_")) {
    return new AppError("REQUEST_INVALID", "the body is no gzip", { side: "downstream" });
  }
  const message = `the repository cannot be served at this moment: ${messageOf(error)}`;
  return new AppError("DEPLOYMENT_REPOSITORY", message, { cause: error, retryable: true });
}
