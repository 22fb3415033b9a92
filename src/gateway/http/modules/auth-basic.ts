/**
 * `auth_basic` and `auth_basic_user_file` (ngx_http_auth_basic_module, RFC 7617). The file is read with each request,
 * as nginx does, so that changed users count at once. The forms of passwords are in
 * password-hashes.ts and bcrypt-checks.ts.
 */
import { isUtf8 } from "node:buffer";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { messageOf } from "../../../errors/app-error.ts";
import { fromByteString } from "../../byte-string.ts";
import { HTTP_LEVELS, single } from "../../nginx/directive.ts";
import { describeSystemError } from "../../nginx/system-error.ts";
import type { Template } from "../../nginx/template.ts";
import { fieldValue } from "../header-fields.ts";
import type { RequestContext } from "../request-context.ts";
import type { AccessResult } from "./access-result.ts";
import { bcryptCost, BCRYPT_COST_MAX, BcryptChecks } from "./bcrypt-checks.ts";
import { checkPassword, isKnownForm } from "./password-hashes.ts";

const LEVELS = [...HTTP_LEVELS, "limit-except"] as const;

/** A user file with the bcrypt checks of its users. */
interface UserFile {
  readonly path: Template;
  /** Base of relative paths. */
  readonly folder: string;
  readonly bcrypt: BcryptChecks;
}

export const authBasicSettings = {
  /** "off": no check, whatever an outer level says. */
  realm: single<Template, undefined>({
    name: "auth_basic",
    contexts: LEVELS,
    value: ([text = ""], scope) => scope.template(text),
    initial: undefined,
  }),
  userFile: single<UserFile, undefined>({
    name: "auth_basic_user_file",
    contexts: LEVELS,
    missing:
      "crypt() with DES or SHA-2; bcrypt with a cost above 14; such users are refused, and the log says so",
    value: ([path = ""], scope) => ({
      path: scope.template(path),
      folder: scope.configPath(""),
      bcrypt: new BcryptChecks(),
    }),
    initial: undefined,
  }),
};

/** Longest user file in bytes. */
const FILE_BYTES_MAX = 4 * 1024 * 1024;

export function checkBasicAuth(context: RequestContext): AccessResult | Promise<AccessResult> {
  const { realm, userFile } = context.location.settings.authBasic;
  const name = realm?.evaluate(context) ?? "off";
  if (!userFile || name === "off") return "none";
  const credentials = credentialsOf(context);
  if (!credentials) {
    context.logError("info", "no user/password was provided for basic authentication");
    return challenge(context, name);
  }
  const path = resolve(userFile.folder, fromByteString(userFile.path.evaluate(context)));
  const hash = findHash(context, path, credentials.user);
  if (hash === undefined) return challenge(context, name);
  if (hash === "unreadable") return 403;
  const matches = matchesHash(context, credentials, hash);
  const judge = (isRight: boolean): AccessResult => {
    if (isRight) return "granted";
    context.logError("error", `user "${credentials.user}": password mismatch`);
    return challenge(context, name);
  };
  return typeof matches === "boolean" ? judge(matches) : matches.then(judge);
}

function matchesHash(
  context: RequestContext,
  { user, password }: Credentials,
  hash: string,
): boolean | Promise<boolean> {
  const cost = bcryptCost(hash);
  if (cost === undefined) {
    if (isKnownForm(hash)) return checkPassword(password, hash);
    context.logError("error", `user "${user}": the form of the stored password is not supported`);
    return false;
  }
  if (cost <= BCRYPT_COST_MAX) return matchesBcrypt(context, { user, password }, hash);
  const sentence = `user "${user}": the bcrypt hash has cost ${cost}, at most ${BCRYPT_COST_MAX} is supported`;
  context.logError("error", sentence);
  return false;
}

async function matchesBcrypt(
  context: RequestContext,
  { user, password }: Credentials,
  hash: string,
): Promise<boolean> {
  const bytes = Buffer.from(password, "latin1");
  // bcryptjs takes text: bytes that are none cannot be compared.
  if (!isUtf8(bytes) || bytes.includes(0)) return false;
  try {
    return (
      (await context.location.settings.authBasic.userFile?.bcrypt.check(bytes.toString(), hash)) ===
      true
    );
  } catch (error) {
    context.logError("error", `user "${user}": ${messageOf(error)}`);
    return false;
  }
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
