/**
 * The user admin: made at the first -Dsetup with a random password, and given a new one by
 * `bascule reset-admin`, which works beside a running manager because both meet in the database only.
 */
import type { NodeConfig } from "../../config/node-config.ts";
import type { Log } from "../../observability/log.ts";
import type { Clock } from "../../runtime/clock.ts";
import { databaseFileOf } from "../store/datasource.ts";
import { openStore } from "../store/store.ts";
import type { Users } from "../store/users.ts";
import { initialPasswordFile, writeInitialPassword } from "./initial-password.ts";
import { generatePassword, Passwords } from "./passwords.ts";

/** The name of the first user; the file with the first password is this user's. */
export const ADMIN_NAME = "admin";

export interface AdminAccountOptions {
  readonly home: string;
  readonly users: Users;
  readonly passwords: Passwords;
  readonly log: Log;
}

/** Makes the user admin when nobody is an admin yet. The log is told the file with the password, never the password. */
export async function ensureAdmin({
  home,
  users,
  passwords,
  log,
}: AdminAccountOptions): Promise<void> {
  const known = await users.list();
  if (known.some(({ isAdmin }) => isAdmin)) return;
  await givePassword(users, passwords, home);
  log.info(`User ${ADMIN_NAME} was made; the first password is in ${initialPasswordFile(home)}`);
}

/**
 * Gives admin a new random password, ends all of admin's logins, and makes the user again where it was removed.
 * @returns the password, to be shown once.
 * @throws AppError STORE_NOT_SET_UP, CONFIG_INVALID.
 */
export async function resetAdmin(
  config: Pick<NodeConfig, "home" | "datasources" | "registry">,
  clock: Clock,
  passwords: Passwords = new Passwords(),
): Promise<string> {
  const { home } = config;
  const store = await openStore({ file: databaseFileOf(config), home, clock });
  try {
    return await givePassword(store.users, passwords, home);
  } finally {
    await store.close();
  }
}

async function givePassword(users: Users, passwords: Passwords, home: string): Promise<string> {
  const password = generatePassword();
  const passwordHash = await passwords.hash(password);
  // The file first: a crash in between leaves a wrong password that is replaced by doing this again, never an unknown one.
  writeInitialPassword(home, password);
  if (!(await users.add({ name: ADMIN_NAME, passwordHash, isAdmin: true }))) {
    await users.setPasswordHash(ADMIN_NAME, passwordHash);
    await users.makeAdmin(ADMIN_NAME);
  }
  return password;
}
