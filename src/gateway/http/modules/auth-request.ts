/**
 * `auth_request` and `auth_request_set` (ngx_http_auth_request_module): another location of the server decides whether
 * the request may pass. 2xx lets it in, 401 and 403 refuse it, anything else is an error.
 */
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import { HTTP_LEVELS, list, single } from "../../nginx/directive.ts";
import type { Template } from "../../nginx/template.ts";
import { valuesOf } from "../../../net/http1/header-field.ts";
import type { RequestContext } from "../request-context.ts";
import { parseRequestTarget } from "../request-target.ts";
import { SubrequestExchange } from "../subrequest-exchange.ts";
import type { AccessResult } from "./access-result.ts";

export const authRequestSettings = {
  /** "": no check, whatever an outer level says. */
  uri: single({
    name: "auth_request",
    contexts: HTTP_LEVELS,
    value: ([uri = ""]) => (uri === "off" ? "" : uri),
    initial: "",
  }),
  /** Variables that are set from the answer of the check. */
  assignments: list<{ readonly name: string; readonly value: Template }>({
    name: "auth_request_set",
    contexts: HTTP_LEVELS,
    arity: 2,
    value([variable = "", text = ""], scope) {
      if (!/^\$\w+$/.test(variable)) {
        throw new DirectiveFault(`invalid variable name "${variable}"`);
      }
      const name = scope.defineSettable(variable.slice(1));
      return { name, value: scope.template(text) };
    },
  }),
};

export function checkAuthRequest(context: RequestContext): AccessResult | Promise<AccessResult> {
  const { uri } = context.location.settings.authRequest;
  return uri === "" ? "none" : ask(context, uri);
}

async function ask(context: RequestContext, uri: string): Promise<AccessResult> {
  const target = parseRequestTarget(uri, true);
  if (!target) {
    context.logError("error", `auth request: "${uri}" is no URI`);
    return 500;
  }
  const inner = context.subrequest(new SubrequestExchange(context.exchange), target);
  inner.limitReqStatus = context.limitReqStatus;
  inner.limitConnStatus = context.limitConnStatus;
  try {
    await inner.runPhases("server rewrite");
  } finally {
    inner.end();
  }
  for (const { name, value } of context.location.settings.authRequest.assignments) {
    context.setVariable(name, value.evaluate(inner));
  }
  return judge(context, inner);
}

function judge(context: RequestContext, inner: RequestContext): AccessResult {
  const { status } = inner;
  if (status >= 200 && status < 300) return "granted";
  if (status === 403) return 403;
  if (status !== 401) {
    context.logError("error", `auth request unexpected status: ${status}`);
    return 500;
  }
  const challenges = valuesOf(inner.response?.fields ?? [], "www-authenticate");
  context.keepFields(challenges.map((value) => ["WWW-Authenticate", value] as const));
  return 401;
}
