/**
 * Join tokens: random, valid for one registration and a short time, kept as hashes. A token is used up before anything
 * else of the registration is done, so that two requests at once cannot both have it.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { AppError } from "../../errors/app-error.ts";
import type { JoinToken } from "../../net/trust/join-token.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { TrustRecords } from "../store/trust-records.ts";

export const JOIN_TOKEN_TTL_S = { default: 15 * 60, min: 10, max: 24 * 3_600 } as const;

/** Tokens that wait for their use at once. */
const WAITING_MAX = 500;
/** How long the refusal of an expired or used token can still say so. */
const REMEMBERED_MS = 24 * 3_600_000;

export class JoinTokens {
  readonly #records: TrustRecords;
  readonly #clock: Clock;

  constructor(records: TrustRecords, clock: Clock) {
    this.#records = records;
    this.#clock = clock;
  }

  /** @param ttlS within JOIN_TOKEN_TTL_S. @throws AppError MANAGER_BUSY when too many wait. */
  async issue(ttlS: number, madeBy: string): Promise<Omit<JoinToken, "fingerprint">> {
    const nowMs = this.#clock.wallMs();
    await this.#records.forgetTokens(nowMs - REMEMBERED_MS);
    if ((await this.#records.countTokens()) >= WAITING_MAX) {
      const message = `${WAITING_MAX} join tokens wait for their use already; use them, or wait until they have expired`;
      throw new AppError("MANAGER_BUSY", message, { side: "downstream", retryable: true });
    }
    const id = randomBytes(9).toString("base64url");
    const secret = randomBytes(32).toString("base64url");
    const expiresAtMs = nowMs + ttlS * 1000;
    await this.#records.addToken({ id, secretHash: hashOf(secret), madeBy, expiresAtMs });
    return { id, secret };
  }

  /** Uses the token up for a node of that name. @throws AppError JOIN_REFUSED. */
  async redeem(id: string, secret: string, name: string): Promise<void> {
    const token = await this.#records.findToken(id);
    // Compared even where there is none: the time of the answer does not tell.
    const isRight = isEqual(hashOf(secret), token?.secretHash ?? hashOf(""));
    if (!token || !isRight) throw refused("the join token is not known to this manager");
    if (token.usedBy !== null) throw refused(`the join token was used already, by ${token.usedBy}`);
    if (token.expiresAtMs <= this.#clock.wallMs()) throw refused("the join token has expired");
    if (!(await this.#records.useToken(id, name))) throw refused("the join token was used already");
  }
}

/** Compares two texts of one length in a time that does not tell where they differ. */
export function isEqual(one: string, other: string): boolean {
  const [first, second] = [Buffer.from(one), Buffer.from(other)];
  return first.length === second.length && timingSafeEqual(first, second);
}

function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}

function refused(reason: string): AppError {
  const advice = "make a new one with `bascule join-token`";
  return new AppError("JOIN_REFUSED", `${reason}; ${advice}`, { side: "downstream" });
}
