/** The directive `early_hints` (ngx_http_core_module, nginx 1.29). http/proxy/early-hints.ts does what it says. */
import type { Template } from "../../nginx/template.ts";
import { HTTP_LEVELS, single } from "../../nginx/directive.ts";

export const earlyHintsSettings = {
  /** 103 of a peer is passed on if one of the values is neither empty nor "0". */
  conditions: single<readonly Template[]>({
    name: "early_hints",
    contexts: HTTP_LEVELS,
    arity: { min: 1, max: 16 },
    initial: [],
    value: (words, scope) => words.map((word) => scope.template(word)),
  }),
};
