/** `auth_basic` and `auth_basic_user_file` (ngx_http_auth_basic_module, RFC 7617). */
import { readFileSync } from "node:fs";
import { fromByteString } from "../../byte-string.ts";
import { HTTP_LEVELS, single } from "../../nginx/directive.ts";
import { describeSystemError } from "../../nginx/system-error.ts";
import type { Template } from "../../nginx/template.ts";
import { fieldValue } from "../header-fields.ts";
import type { RequestContext } from "../request-context.ts";
import type { AccessResult } from "./access-phase.ts";
import { checkPassword } from "./password-hashes.ts";

const LEVELS = [...HTTP_LEVELS, "limit-except"] as const;

export const authBasicSettings = {
  /** "off": no check, whatever an outer level says. */
  realm: single<Template, undefined>({
    name: "auth_basic",
    contexts: LEVELS,
    value: ([text = ""], scope) => scope.template(text),
    initial: undefined,
  }),
  userFile: single<Template, undefined>({
    name: "auth_basic_user_file",
    contexts: LEVELS,
    missing: "DES and bcrypt hashes; such users are refused",
    value: ([path = ""], scope) =>
      scope.template(path.startsWith("$") ? path : scope.configPath(path)),
    initial: undefined,
  }),
};

/** Longest user file in bytes. */
const FILE_BYTES_MAX = 4 * 1024 * 1024;

export function checkBasicAuth(context: RequestContext): AccessResult {
  const { realm, userFile } = context.location.settings.authBasic;
  const name = realm?.evaluate(context) ?? "off";
  if (!userFile || name === "off") return "none";
  const credentials = credentialsOf(context);
  if (!credentials) {
    context.logError("info", "no user/password was provided for basic authentication");
    return challenge(context, name);
  }
  const path = fromByteString(userFile.evaluate(context));
  const hash = findHash(context, path, credentials.user);
  if (hash === undefined) return challenge(context, name);
  if (hash === "unreadable") return 403;
  if (checkPassword(credentials.password, hash)) return "granted";
  context.logError("error", `user "${credentials.user}": password mismatch`);
  return challenge(context, name);
}

function challenge(context: RequestContext, realm: string): 401 {
  context.extraFields.set("WWW-Authenticate", `Basic realm="${realm}"`);
  return 401;
}

interface Credentials {
  readonly user: string;
  /** A string of bytes. */
  readonly password: string;
}

function credentialsOf(context: RequestContext): Credentials | undefined {
  const value = fieldValue(context.exchange.head.fields, "authorization");
  const encoded = /^Basic +([A-Za-z0-9+/=]+) *$/i.exec(value)?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, "base64").toString("latin1");
  const colon = text.indexOf(":");
  if (colon < 1) return undefined;
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** The third field of a line and what follows is a comment. */
function findHash(context: RequestContext, path: string, user: string): string | undefined {
  try {
    const bytes = readFileSync(path);
    if (bytes.length > FILE_BYTES_MAX) {
      context.logError("crit", `"${path}" is larger than ${FILE_BYTES_MAX} bytes`);
      return "unreadable";
    }
    for (const line of bytes.toString("latin1").split(/\r?\n/)) {
      const [name, hash] = line.split(":", 2);
      if (name === user && hash !== undefined && !line.startsWith("#")) return hash;
    }
  } catch (error) {
    context.logError("error", `open() "${path}" failed (${describeSystemError(error)})`);
    return "unreadable";
  }
  context.logError("error", `user "${user}" was not found in "${path}"`);
  return undefined;
}
