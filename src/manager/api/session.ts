/** /management/session: the console's login. The key lies in a cookie that scripts cannot read and other sites cannot send. */
import type { FastifyReply } from "fastify";
import { Type } from "typebox";
import { PASSWORD_LENGTH_MAX } from "../auth/passwords.ts";
import { credentialsOf, identityOf, requireOwnPage, SESSION_COOKIE } from "./access.ts";
import { ERROR_BODY } from "./api-errors.ts";
import type { ManagementResource } from "./management-services.ts";

const LOGIN = Type.Object(
  {
    user: Type.String({ minLength: 1, maxLength: 100 }),
    password: Type.String({ minLength: 1, maxLength: PASSWORD_LENGTH_MAX }),
  },
  { additionalProperties: false },
);
const WHO = Type.Object(
  { userId: Type.String(), isAdmin: Type.Boolean() },
  { description: "Who is logged in." },
);
const DONE = Type.Object({ message: Type.String() }, { description: "The session has ended." });

const COOKIE = { path: "/", httpOnly: true, secure: true, sameSite: "strict" } as const;

export const sessionResource: ManagementResource = (app, { authenticator }) => {
  app.post(
    "/management/session",
    {
      config: { access: "public", summary: "Log in to the console; sets its cookie" },
      schema: { body: LOGIN, response: { 200: WHO, 401: ERROR_BODY, 429: ERROR_BODY } },
    },
    async (request, reply) => {
      requireOwnPage(request);
      const { user: name, password } = request.body;
      const user = await authenticator.checkPassword(name, password, request.ip);
      setCookie(reply, authenticator.issueSession(user));
      return { userId: user.name, isAdmin: user.isAdmin };
    },
  );
  app.get(
    "/management/session",
    {
      config: { access: "user", summary: "Who is logged in" },
      schema: { response: { 200: WHO, 401: ERROR_BODY } },
    },
    (request) => {
      const { user, isAdmin } = identityOf(request);
      return { userId: user, isAdmin };
    },
  );
  app.delete(
    "/management/session",
    {
      config: { access: "user", summary: "End the console's session" },
      schema: { response: { 200: DONE, 401: ERROR_BODY } },
    },
    (request, reply) => {
      authenticator.revoke(credentialsOf(request));
      void reply.clearCookie(SESSION_COOKIE, COOKIE);
      return { message: "Logged out" };
    },
  );
};

/** A cookie of the browser's session: the manager keeps the time. */
function setCookie(reply: FastifyReply, key: string): void {
  void reply.setCookie(SESSION_COOKIE, key, COOKIE);
}
