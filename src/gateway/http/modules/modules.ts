/**
 * The ordered list of HTTP modules whose directives apply to locations. A new module is one file and one line
 * here; `LocationConfig.settings` then has its values under that key.
 */
import type { SettingsOf } from "../../nginx/directive.ts";
import { accessLogSettings } from "./access-log.ts";
import { coreSettings } from "./core.ts";
import { errorLogSettings } from "./error-log.ts";
import { headersSettings } from "./headers.ts";
import { proxySettings } from "./proxy.ts";
import { returnSettings } from "./return.ts";

export const HTTP_MODULES = {
  core: coreSettings,
  return: returnSettings,
  proxy: proxySettings,
  headers: headersSettings,
  accessLog: accessLogSettings,
  errorLog: errorLogSettings,
};

/** The values of all modules for one location. */
export type HttpSettings = {
  readonly [Module in keyof typeof HTTP_MODULES]: SettingsOf<(typeof HTTP_MODULES)[Module]>;
};
