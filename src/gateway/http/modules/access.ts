/** `allow` and `deny` (ngx_http_access_module): the first rule that names the client's address decides. */
import { HTTP_LEVELS, joining, list } from "../../nginx/directive.ts";
import type { RequestContext } from "../request-context.ts";
import { type AddressRange, readAddressRange } from "./address-range.ts";

interface AccessRule {
  readonly allows: boolean;
  readonly range: AddressRange;
}

const LEVELS = [...HTTP_LEVELS, "limit-except"] as const;

const rules = list<AccessRule>({
  name: "allow",
  contexts: LEVELS,
  value: ([text = ""]) => ({ allows: true, range: readAddressRange(text) }),
});

export const accessSettings = { rules };

export const denyRow = joining<AccessRule>(rules, {
  name: "deny",
  contexts: LEVELS,
  value: ([text = ""]) => ({ allows: false, range: readAddressRange(text) }),
});

/** Undefined: no rule names the address. */
export function allowsAddress(context: RequestContext): boolean | undefined {
  const { rules: all } = context.location.settings.access;
  return all.find(({ range }) => range(context.remoteAddress))?.allows;
}
