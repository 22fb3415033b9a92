/** The directives that `limit_req` and `limit_conn` have each for itself: the status of a refusal and the level of its log line. */
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import { HTTP_LEVELS, type Setting, single } from "../../nginx/directive.ts";
import { parseNumber } from "../../nginx/units.ts";

const LOG_LEVELS = ["info", "notice", "warn", "error"] as const;
export type LimitLogLevel = (typeof LOG_LEVELS)[number];

export function limitStatus(name: string): Setting<number> {
  return single({
    name,
    contexts: HTTP_LEVELS,
    initial: 503,
    value([text = ""]) {
      const status = parseNumber(text);
      if (status === undefined) throw new DirectiveFault("invalid number");
      if (status < 400 || status > 599) {
        throw new DirectiveFault("value must be between 400 and 599");
      }
      return status;
    },
  });
}

export function limitLogLevel(name: string): Setting<LimitLogLevel> {
  return single<LimitLogLevel>({
    name,
    contexts: HTTP_LEVELS,
    initial: "error",
    value([text = ""]) {
      const level = LOG_LEVELS.find((word) => word === text);
      if (!level) throw new DirectiveFault(`invalid value "${text}"`);
      return level;
    },
  });
}
