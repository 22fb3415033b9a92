/** /management/login and /logout, as WSO2's Micro Integrator has them: Basic credentials become an access token. */
import { Type } from "typebox";
import { AppError } from "../../errors/app-error.ts";
import { credentialsOf, identityOf } from "./access.ts";
import { ERROR_BODY } from "./api-errors.ts";
import type { ManagementResource } from "./management-services.ts";

const TOKEN = Type.Object(
  { AccessToken: Type.String() },
  { description: "Send it as `Authorization: Bearer`; it lives for 3600 s." },
);
const DONE = Type.Object({ message: Type.String() }, { description: "The login has ended." });

export const loginResource: ManagementResource = (app, { authenticator }) => {
  app.get(
    "/management/login",
    {
      config: { access: "user", summary: "Get an access token for Basic credentials" },
      schema: { response: { 200: TOKEN, 401: ERROR_BODY, 429: ERROR_BODY } },
    },
    (request) => {
      const { via, login } = identityOf(request);
      if (via !== "basic")
        throw new AppError("AUTH_FAILED", "a login needs Basic credentials", {
          side: "downstream",
        });
      return { AccessToken: authenticator.issueToken(login) };
    },
  );
  app.get(
    "/management/logout",
    {
      config: { access: "user", summary: "End the access token that the request carries" },
      schema: { response: { 200: DONE, 401: ERROR_BODY } },
    },
    (request) => {
      const credentials = credentialsOf(request);
      // A page of another site could make a browser send this GET: a cookie is ended by DELETE /management/session only.
      if (credentials.kind === "bearer") authenticator.revoke(credentials);
      return { message: "Successfully logged out" };
    },
  );
};
