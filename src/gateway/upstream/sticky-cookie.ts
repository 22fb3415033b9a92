/**
 * `sticky cookie`: the cookie names the server that the client is bound to, and every response sets it to the
 * server that was tried last. The server id is the same on every gateway, so no state is kept.
 */
import type { RequestContext } from "../http/request-context.ts";
import { requestCookie } from "../http/header-fields.ts";
import type { Peer } from "./peer.ts";
import type { Stickiness } from "./stickiness.ts";
import type { StickyCookieConfig } from "./upstream-config.ts";

/** What `expires=max` says: the last date that nginx writes. */
const EXPIRES_MAX = "; expires=Thu, 31-Dec-37 23:55:55 GMT; max-age=315360000";

export class StickyCookie implements Stickiness {
  readonly atHead = false;
  readonly #config: StickyCookieConfig;

  constructor(config: StickyCookieConfig) {
    this.#config = config;
  }

  boundTo(context: RequestContext): string | undefined {
    const serverId = requestCookie(context.exchange.head.fields, this.#config.name);
    return serverId === "" ? undefined : serverId;
  }

  noteChosen(context: RequestContext, peer: Peer): void {
    context.stickyCookie = this.#cookie(context, peer.serverId);
  }

  learn(): void {}

  #cookie(context: RequestContext, serverId: string): string {
    const { name, expires, domain, httpOnly, secure, sameSite, path } = this.#config;
    const attribute = (key: string, value: string | undefined) =>
      value === undefined || value === "" ? "" : `; ${key}=${value}`;
    const age = expires === "max" ? EXPIRES_MAX : ageOf(expires, context.clock.wallMs());
    const flags = `${httpOnly ? "; httponly" : ""}${secure ? "; secure" : ""}`;
    const site = sameSiteOf(sameSite?.evaluate(context) ?? "");
    return [
      `${name}=${serverId}${age}`,
      attribute("domain", domain?.evaluate(context)),
      flags,
      attribute("samesite", site),
      attribute("path", path?.evaluate(context)),
    ].join("");
  }
}

function ageOf(expiresMs: number | undefined, nowMs: number): string {
  if (expiresMs === undefined) return "";
  const seconds = Math.floor(expiresMs / 1000);
  return `; expires=${formatCookieTime(nowMs + seconds * 1000)}; max-age=${seconds}`;
}

/** "Sun, 06-Nov-94 08:49:37 GMT"; years after 2037 in four digits, as nginx. */
export function formatCookieTime(wallMs: number): string {
  const date = new Date(wallMs);
  const [, weekday = "", day = "", month = "", year = "", time = ""] =
    /^(\w+), (\d+) (\w+) (\d+) ([\d:]+)/.exec(date.toUTCString()) ?? [];
  const shown = date.getUTCFullYear() > 2037 ? year : year.slice(-2);
  return `${weekday}, ${day}-${month}-${shown} ${time} GMT`;
}

/** What is no known value is the strictest one. */
function sameSiteOf(text: string): string {
  const word = text.toLowerCase();
  return word === "" || word === "lax" || word === "none" ? word : "strict";
}
