/** Users of the management API, with the hashes of their passwords. Whoever hashes and compares is `auth/`. */
import type { Kysely, Selectable } from "kysely";
import type { Clock } from "../../runtime/clock.ts";
import type { Tables, UserTable } from "./tables.ts";

export interface User {
  /** Never used again for another user. */
  readonly id: number;
  readonly name: string;
  readonly passwordHash: string;
  readonly isAdmin: boolean;
  /** Grows with every change of the password; a login of an older epoch has ended. */
  readonly passwordEpoch: number;
}

export type NewUser = Pick<User, "name" | "passwordHash" | "isAdmin">;

export class Users {
  readonly #database: Kysely<Tables>;
  readonly #clock: Clock;

  constructor(database: Kysely<Tables>, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** By name. */
  async list(): Promise<readonly User[]> {
    const rows = await this.#database.selectFrom("users").selectAll().orderBy("name").execute();
    return rows.map(toUser);
  }

  async find(name: string): Promise<User | undefined> {
    const query = this.#database.selectFrom("users").selectAll().where("name", "=", name);
    const row = await query.executeTakeFirst();
    return row && toUser(row);
  }

  /** @returns false when the name is taken; nothing is changed then. */
  async add(user: NewUser): Promise<boolean> {
    const result = await this.#database
      .insertInto("users")
      .values({
        name: user.name,
        password_hash: user.passwordHash,
        is_admin: Number(user.isAdmin),
        password_epoch: 1,
        created_at: this.#clock.wallMs(),
      })
      .onConflict((conflict) => conflict.column("name").doNothing())
      .executeTakeFirst();
    return Number(result.numInsertedOrUpdatedRows ?? 0) > 0;
  }

  /** Sets the password and ends all logins of the user. @returns false when there is no such user. */
  async setPasswordHash(name: string, passwordHash: string): Promise<boolean> {
    const result = await this.#database
      .updateTable("users")
      .set((fields) => ({
        password_hash: passwordHash,
        password_epoch: fields("password_epoch", "+", 1),
      }))
      .where("name", "=", name)
      .executeTakeFirst();
    return Number(result.numUpdatedRows) > 0;
  }

  /** Gives the user every right. */
  async makeAdmin(name: string): Promise<void> {
    await this.#database
      .updateTable("users")
      .set({ is_admin: 1 })
      .where("name", "=", name)
      .execute();
  }

  /** @returns false when there is no such user. */
  async remove(name: string): Promise<boolean> {
    const result = await this.#database
      .deleteFrom("users")
      .where("name", "=", name)
      .executeTakeFirst();
    return Number(result.numDeletedRows) > 0;
  }
}

function toUser(row: Selectable<UserTable>): User {
  return {
    id: row.id,
    name: row.name,
    passwordHash: row.password_hash,
    isAdmin: row.is_admin !== 0,
    passwordEpoch: row.password_epoch,
  };
}
