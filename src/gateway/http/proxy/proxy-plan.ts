/**
 * What of a location's proxy settings is the same for every request, worked out once: which fields of the client and
 * of the peer are passed on, and which the configuration sets (ngx_http_proxy_create_request,
 * ngx_http_upstream_hide_headers_hash).
 */
import { CONNECTION_FIELDS } from "../../../net/connection-fields.ts";
import type { Template } from "../../nginx/template.ts";
import type { HeaderField } from "../header-fields.ts";
import type { HttpSettings } from "../modules/modules.ts";
import type { ShownFields } from "./response-fields.ts";

type ProxySettings = HttpSettings["proxy"];

export interface ProxyPlan {
  /** `proxy_set_header`, without what the gateway alone says. */
  readonly ownFields: readonly { readonly name: string; readonly value: Template }[];
  readonly setsHost: boolean;
  readonly setsConnection: boolean;
  /** Fields of the client, in lower case, that the peer does not get. */
  readonly withheld: ReadonlySet<string>;
  /** Fields of the peer, in lower case, that the client does not get. */
  readonly hidden: ReadonlySet<string>;
  /** What was made of the header of a peer that repeats it, by the fields that were parsed. */
  readonly shown: WeakMap<readonly HeaderField[], ShownFields>;
  /** Cookies or URLs of the peer's header are rewritten, besides the default. */
  readonly rewritesCookies: boolean;
}

/** The length of a body is never what the configuration says it is. */
const FRAMING_FIELDS = ["content-length", "transfer-encoding"];

/** Fields that nginx hides unless `proxy_pass_header` names them. */
const HIDDEN_FIELDS = [
  "date",
  "server",
  "x-pad",
  "x-accel-buffering",
  "x-accel-charset",
  "x-accel-expires",
  "x-accel-limit-rate",
  "x-accel-redirect",
];

export class ProxyPlans {
  readonly #plans = new WeakMap<ProxySettings, ProxyPlan>();

  of(settings: ProxySettings): ProxyPlan {
    const known = this.#plans.get(settings);
    if (known) return known;
    const plan = makePlan(settings);
    this.#plans.set(settings, plan);
    return plan;
  }
}

function makePlan(settings: ProxySettings): ProxyPlan {
  const { setHeaders, hiddenHeaders, passedHeaders } = settings;
  const names = new Set(setHeaders.map(({ name }) => name.toLowerCase()));
  const shown = HIDDEN_FIELDS.filter((name) => !passedHeaders.includes(name));
  return {
    ownFields: setHeaders.filter(({ name }) => !FRAMING_FIELDS.includes(name.toLowerCase())),
    setsHost: names.has("host"),
    setsConnection: names.has("connection"),
    // The gateway answers Expect itself. Without a field of the configuration, Host is that of the peer.
    withheld: new Set([...names, ...CONNECTION_FIELDS, ...FRAMING_FIELDS, "expect", "host"]),
    hidden: new Set([...CONNECTION_FIELDS, ...hiddenHeaders, ...shown]),
    shown: new WeakMap(),
    rewritesCookies:
      settings.cookieDomains.length + settings.cookiePaths.length + settings.cookieFlags.length > 0,
  };
}
