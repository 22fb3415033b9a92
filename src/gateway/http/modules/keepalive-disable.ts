/** `keepalive_disable` (ngx_http_core_module): browsers that cannot be trusted with connections that stay open. */
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import { HTTP_LEVELS, single } from "../../nginx/directive.ts";
import { fieldValue } from "../header-fields.ts";
import type { RequestContext } from "../request-context.ts";

const BROWSERS = ["none", "msie6", "safari"] as const;
type Browser = (typeof BROWSERS)[number];

export const keepaliveDisable = single<readonly Browser[]>({
  name: "keepalive_disable",
  contexts: HTTP_LEVELS,
  arity: { min: 1, max: 3 },
  value: (words) =>
    words.map((word) => {
      const browser = BROWSERS.find((known) => known === word);
      if (!browser) throw new DirectiveFault(`invalid value "${word}"`);
      return browser;
    }),
  initial: ["msie6"],
});

/** true: the connection closes after the response, because of the browser that the client says it is. */
export function distrustsBrowser({ location, method, exchange }: RequestContext): boolean {
  const disabled = location.settings.core.keepaliveDisable;
  // Old versions of Internet Explorer lose a POST on a connection that stays open.
  const explorer = method === "POST" && disabled.includes("msie6");
  const safari = disabled.includes("safari");
  if ((!explorer && !safari) || disabled.includes("none")) return false;
  const agent = fieldValue(exchange.head.fields, "user-agent");
  return (explorer && isOldExplorer(agent)) || (safari && isSafari(agent));
}

/** Up to 6.0, but not 6.0 with the second service pack of Windows XP; Opera said that it is MSIE. */
function isOldExplorer(agent: string): boolean {
  const [, version = ""] = /MSIE ([456])\./.exec(agent) ?? [];
  if (version === "" || agent.includes("Opera")) return false;
  return version !== "6" || !agent.includes("SV1");
}

function isSafari(agent: string): boolean {
  return agent.includes("Safari/") && agent.includes("Mac OS X") && !agent.includes("Chrome/");
}
