/** /management/users: who may log in. Admins add and remove users; everybody changes the own password. */
import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import { AppError } from "../../errors/app-error.ts";
import { ADMIN_NAME } from "../auth/admin-account.ts";
import { removeInitialPassword } from "../auth/initial-password.ts";
import { PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN } from "../auth/passwords.ts";
import { identityOf } from "./access.ts";
import { ERROR_BODY } from "./api-errors.ts";
import type {
  ManagementApp,
  ManagementResource,
  ManagementServices,
} from "./management-services.ts";

const USER = Type.Object({ userId: Type.String(), isAdmin: Type.Boolean() });
const USERS = Type.Object({ count: Type.Integer(), list: Type.Array(USER) });
const NEW_PASSWORD = Type.String({
  minLength: PASSWORD_LENGTH_MIN,
  maxLength: PASSWORD_LENGTH_MAX,
});
const NEW_USER = Type.Object(
  {
    userId: Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$" }),
    password: NEW_PASSWORD,
    isAdmin: Type.Optional(Type.Boolean({ description: "Default: false" })),
  },
  { additionalProperties: false },
);
const CHANGED_PASSWORD = Type.Object(
  {
    password: Type.String({ maxLength: PASSWORD_LENGTH_MAX, description: "The present one" }),
    newPassword: NEW_PASSWORD,
  },
  { additionalProperties: false },
);
const ONE = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) });
const DONE = Type.Object({ message: Type.String() });

export const usersResource: ManagementResource = (app, services) => {
  addUserList(app, services);
  addUserChanges(app, services);
  addPasswordChange(app, services);
};

function addUserList(app: ManagementApp, { users }: ManagementServices): void {
  app.get(
    "/management/users",
    {
      config: { summary: "All users" },
      schema: { response: { 200: USERS } },
    },
    async () => {
      const all = await users.list();
      const list = all.map(({ name, isAdmin }) => ({ userId: name, isAdmin }));
      return { count: list.length, list };
    },
  );
}

function addUserChanges(app: ManagementApp, { users, passwords, log }: ManagementServices): void {
  app.post(
    "/management/users",
    {
      config: { summary: "Add a user" },
      schema: { body: NEW_USER, response: { 201: USER, 400: ERROR_BODY } },
    },
    async (request, reply) => {
      const { userId, password, isAdmin = false } = request.body;
      const passwordHash = await passwords.hash(password);
      if (!(await users.add({ name: userId, passwordHash, isAdmin })))
        throw invalid(`there is a user ${userId} already`);
      log.info(`User ${userId} was added by ${identityOf(request).user}`);
      return reply.code(201).send({ userId, isAdmin });
    },
  );
  app.delete(
    "/management/users/:id",
    {
      config: { summary: "Remove a user" },
      schema: { params: ONE, response: { 200: DONE, 404: ERROR_BODY } },
    },
    async (request) => {
      const { id } = request.params;
      const { user } = identityOf(request);
      // Whoever removes is an admin and stays, so there is always one.
      if (id === user) throw invalid("nobody can remove themselves; ask another admin");
      if (!(await users.remove(id))) throw unknownUser(id);
      log.info(`User ${id} was removed by ${user}`);
      return { message: `User ${id} was removed` };
    },
  );
}

function addPasswordChange(app: ManagementApp, services: ManagementServices): void {
  const { users, passwords, authenticator, home, log } = services;
  app.post(
    "/management/users/:id/password",
    {
      config: { access: "user", summary: "Change the own password; ends all own logins" },
      schema: { params: ONE, body: CHANGED_PASSWORD, response: { 200: DONE, 403: ERROR_BODY } },
    },
    async (request) => {
      const { id } = request.params;
      requireSelf(request, id);
      const { password, newPassword } = request.body;
      await authenticator.checkPassword(id, password, request.ip);
      if (!(await users.setPasswordHash(id, await passwords.hash(newPassword))))
        throw unknownUser(id);
      if (id === ADMIN_NAME) removeInitialPassword(home);
      log.info(`User ${id} changed the password`);
      return { message: "The password was changed; log in again" };
    },
  );
}

function requireSelf(request: FastifyRequest, id: string): void {
  if (identityOf(request).user === id) return;
  throw new AppError("ACCESS_DENIED", "everybody changes the own password only", {
    side: "downstream",
  });
}

function invalid(message: string): AppError {
  return new AppError("REQUEST_INVALID", message, { side: "downstream" });
}

function unknownUser(name: string): AppError {
  return new AppError("RESOURCE_UNKNOWN", `there is no user ${name}`, { side: "downstream" });
}
