/**
 * Reads hazelcast-client's own log: it is the only place in which the client tells that a cluster refused it, and that it
 * gave up listening to a topic. Nothing of it goes into the node's log above debug: what matters is said by `store-health.ts`.
 */
import type { ILogger } from "hazelcast-client";
import type { Log } from "../../observability/log.ts";
import { replaceControlCharacters } from "../../runtime/control-characters.ts";

/** Words of the client's messages, hazelcast-client 5.7.0. */
const REFUSED = "does not match the one configured in the cluster";
const LISTENER_ENDED = "terminating listener";

export interface ClientSigns {
  readonly refused: () => void;
  readonly topicListenerEnded: () => void;
}

/** The logger to hand to the client. */
export function clientLog(log: Log, signs: ClientSigns): ILogger {
  const pass = (name: string, message: string): void => {
    log.debug(replaceControlCharacters(`${name}: ${message}`, " "));
  };
  const warn = (name: string, message: string): void => {
    pass(name, message);
    if (message.includes(REFUSED)) signs.refused();
    else if (message.includes(LISTENER_ENDED)) signs.topicListenerEnded();
  };
  return {
    log: (_level, name, message) => pass(name, message),
    error: warn,
    warn,
    info: pass,
    debug: () => {},
    trace: () => {},
  };
}
