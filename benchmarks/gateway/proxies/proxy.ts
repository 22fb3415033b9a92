/**
 * What a proxy under test is: a name, and how it is written down and started for one case. The list of all of
 * them is in proxies.ts; each has a file of its own beside this one.
 */
import type { Backends } from "../backends.ts";
import type { Workplace } from "../workplace.ts";

/** What a case asks of the proxy's configuration. */
export interface ProxyNeeds {
  readonly tls: boolean;
  /** Sessions are bound by the cookie JSESSIONID, as near to `sticky learn` as the proxy has it. */
  readonly sticky: boolean;
}

export interface ProxyPlace extends ProxyNeeds {
  readonly workplace: Workplace;
  readonly backends: Backends;
  /** An empty folder for configuration, logs and temporary files. */
  readonly home: string;
  readonly port: number;
}

export interface Proxy {
  readonly name: string;
  /** How it binds sessions, for the report. */
  readonly stickiness: string;
  /** True when a session has to be met once before it is bound. */
  readonly learns: boolean;
  /** Writes the configuration into the home and returns the command that runs it in the foreground. */
  prepare(place: ProxyPlace): readonly string[];
}
