/**
 * Decides who a request comes from: Basic credentials against the users table, access tokens as WSO2's Micro
 * Integrator gives them out (3600 s, at most 200, oldest out), console sessions (idle for at most 15
 * minutes). Every answer is checked against the user's row, so that a changed password, a removed
 * user or `bascule reset-admin` ends all logins at once.
 */
import { AppError } from "../../errors/app-error.ts";
import type { Log } from "../../observability/log.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { User, Users } from "../store/users.ts";
import type { Credentials } from "./credentials.ts";
import { ExpiringKeys } from "./expiring-keys.ts";
import { LoginLimiter } from "./login-limiter.ts";
import type { Passwords } from "./passwords.ts";

export const TOKEN_LIFE_MS = 3_600_000;
export const SESSION_IDLE_MS = 15 * 60_000;
/** A session ends after this time, used or not. */
const SESSION_LIFE_MS = 12 * 3_600_000;
/** How long right Basic credentials are believed without hashing again. */
const BASIC_MEMORY_MS = 60_000;
/** Tokens, sessions and remembered credentials, each. */
const KEYS_MAX = 200;

/** Who sent a request. */
export interface Identity {
  readonly user: string;
  readonly isAdmin: boolean;
  readonly via: "basic" | "bearer" | "session";
  readonly login: Login;
}

/** A user at one password: ends with the password. */
export interface Login {
  readonly name: string;
  readonly userId: number;
  readonly epoch: number;
}

export interface AuthenticatorOptions {
  readonly users: Users;
  readonly passwords: Passwords;
  readonly clock: Clock;
  readonly log: Log;
}

export class Authenticator {
  readonly #users: Users;
  readonly #passwords: Passwords;
  readonly #log: Log;
  readonly #limiter: LoginLimiter;
  readonly #tokens: ExpiringKeys<Login>;
  readonly #sessions: ExpiringKeys<Login>;
  readonly #basic: ExpiringKeys<Login>;
  /** Checks of Basic credentials that are under way: the same ones, sent many times at once, are one login. */
  readonly #checks = new Map<string, Promise<User>>();

  constructor({ users, passwords, clock, log }: AuthenticatorOptions) {
    this.#users = users;
    this.#passwords = passwords;
    this.#log = log;
    this.#limiter = new LoginLimiter(clock);
    const room = { clock, countMax: KEYS_MAX };
    this.#tokens = new ExpiringKeys({ ...room, lifeMs: TOKEN_LIFE_MS });
    this.#sessions = new ExpiringKeys({
      ...room,
      lifeMs: SESSION_LIFE_MS,
      idleMs: SESSION_IDLE_MS,
    });
    this.#basic = new ExpiringKeys({ ...room, lifeMs: BASIC_MEMORY_MS });
  }

  /**
   * @param isUse false: the request does not keep a session from idling out.
   * @throws AppError AUTH_FAILED, LOGIN_LIMITED, MANAGER_BUSY.
   */
  async authenticate(credentials: Credentials, address: string, isUse: boolean): Promise<Identity> {
    const { kind } = credentials;
    if (kind === "none")
      throw failed("this needs a login: send Basic credentials or an access token");
    if (kind === "malformed")
      throw failed("the Authorization header is neither Basic nor Bearer in its right form");
    if (kind === "basic") return toIdentity(await this.#checkBasic(credentials, address), kind);
    const login =
      kind === "bearer"
        ? this.#tokens.find(credentials.token)
        : this.#sessions.find(credentials.key, isUse);
    return toIdentity(await this.#userOf(login), kind);
  }

  /** Checks a password. @throws AppError AUTH_FAILED, LOGIN_LIMITED, MANAGER_BUSY. */
  async checkPassword(name: string, password: string, address: string): Promise<User> {
    this.#limiter.begin(address, name);
    const user = await this.#users.find(name);
    if (!(await this.#passwords.verify(password, user?.passwordHash)) || !user) {
      this.#log.warn(`Failed login of ${JSON.stringify(name.slice(0, 100))} from ${address}`);
      throw failed("the user name or the password is wrong");
    }
    this.#limiter.succeed(address, name);
    return user;
  }

  /** Whose a request is that was let in some time ago and still goes on; undefined: that login has ended. Is no use of a session. */
  async review(credentials: Credentials, { login }: Identity): Promise<Identity | undefined> {
    const { kind } = credentials;
    if (kind === "bearer" && !this.#tokens.find(credentials.token, false)) return undefined;
    if (kind === "session" && !this.#sessions.find(credentials.key, false)) return undefined;
    if (kind === "none" || kind === "malformed") return undefined;
    const user = await this.#findUser(login);
    return user && toIdentity(user, kind);
  }

  /** A new access token for whoever has just shown the password. */
  issueToken(login: Login): string {
    return this.#tokens.issue(login);
  }

  /** A new console session for a user who has just shown the password. */
  issueSession(user: User): string {
    return this.#sessions.issue(toLogin(user));
  }

  /** Ends the token or session; Basic credentials have nothing to end. */
  revoke(credentials: Credentials): void {
    if (credentials.kind === "bearer") this.#tokens.revoke(credentials.token);
    if (credentials.kind === "session") this.#sessions.revoke(credentials.key);
  }

  async #checkBasic(
    { user: name, password }: Extract<Credentials, { kind: "basic" }>,
    address: string,
  ): Promise<User> {
    const key = `${name}:${password}`;
    const remembered = await this.#findUser(this.#basic.find(key));
    if (remembered) return remembered;
    const line = `${address} ${key}`;
    const check =
      this.#checks.get(line) ??
      this.checkPassword(name, password, address).finally(() => this.#checks.delete(line));
    this.#checks.set(line, check);
    const user = await check;
    this.#basic.keep(key, toLogin(user));
    return user;
  }

  async #userOf(login: Login | undefined): Promise<User> {
    const user = await this.#findUser(login);
    if (!user) throw failed("the login has ended; log in again");
    return user;
  }

  /** The user of a login, unless the user or the password is another by now. */
  async #findUser(login: Login | undefined): Promise<User | undefined> {
    const user = login && (await this.#users.find(login.name));
    return user?.id === login?.userId && user?.passwordEpoch === login?.epoch ? user : undefined;
  }
}

function toLogin({ name, id, passwordEpoch }: User): Login {
  return { name, userId: id, epoch: passwordEpoch };
}

function toIdentity(user: User, via: Identity["via"]): Identity {
  return { user: user.name, isAdmin: user.isAdmin, via, login: toLogin(user) };
}

function failed(message: string): AppError {
  return new AppError("AUTH_FAILED", message, { side: "downstream" });
}
