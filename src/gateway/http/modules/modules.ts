/**
 * The ordered list of HTTP modules whose directives apply to locations. A new module is one file and one line
 * here; `LocationConfig.settings` then has its values under that key.
 */
import type { SettingsOf } from "../../nginx/directive.ts";
import { accessSettings } from "./access.ts";
import { accessLogSettings } from "./access-log.ts";
import { clientBodySettings } from "./client-body.ts";
import { connectionSettings } from "./connection.ts";
import { authRequestSettings } from "./auth-request.ts";
import { authBasicSettings } from "./auth-basic.ts";
import { coreSettings } from "./core.ts";
import { earlyHintsSettings } from "./early-hints.ts";
import { errorLogSettings } from "./error-log.ts";
import { errorPageSettings } from "./error-page-rules.ts";
import { expiresSettings } from "./expires.ts";
import { headersSettings } from "./headers.ts";
import { indexSettings } from "./index-file.ts";
import { limitConnSettings } from "./limit-conn.ts";
import { limitRateSettings } from "./limit-rate.ts";
import { limitReqSettings } from "./limit-req.ts";
import { proxySettings } from "./proxy.ts";
import { realIpSettings } from "./realip.ts";
import { stubStatusSettings } from "./stub-status.ts";
import { resolverSettings } from "./resolver.ts";
import { tryFilesSettings } from "./try-files.ts";

export const HTTP_MODULES = {
  core: coreSettings,
  clientBody: clientBodySettings,
  connection: connectionSettings,
  errorPages: errorPageSettings,
  access: accessSettings,
  authBasic: authBasicSettings,
  authRequest: authRequestSettings,
  limitReq: limitReqSettings,
  limitConn: limitConnSettings,
  limitRate: limitRateSettings,
  realIp: realIpSettings,
  tryFiles: tryFilesSettings,
  stubStatus: stubStatusSettings,
  index: indexSettings,
  resolver: resolverSettings,
  proxy: proxySettings,
  headers: headersSettings,
  expires: expiresSettings,
  earlyHints: earlyHintsSettings,
  accessLog: accessLogSettings,
  errorLog: errorLogSettings,
};

/** The values of all modules for one location. */
export type HttpSettings = {
  readonly [Module in keyof typeof HTTP_MODULES]: SettingsOf<(typeof HTTP_MODULES)[Module]>;
};
