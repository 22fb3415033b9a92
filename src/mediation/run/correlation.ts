/**
 * Correlation of the log lines of several systems (WSO2's correlation logs): the header `activityid` names the activity that a
 * request belongs to. It is the property `correlation_id` of the message and goes on to endpoints as the header that
 * it is. With -Dcorrelation.logs=true a request without one gets one, and each request leaves a line in the log "correlation":
 * id|milliseconds|ROUND-TRIP LATENCY|method|path|status.
 */
import type { ServiceRequest, ServiceResponse } from "../engine.ts";
import type { Environment } from "../message/environment.ts";
import { logText } from "../message/log-text.ts";
import type { Message } from "../message/message.ts";
import { propertyText } from "../message/property-value.ts";

const CORRELATION_HEADER = "activityid";
const PROPERTY = "correlation_id";
const ID_LENGTH_MAX = 256;

function isOn({ systemProperties }: Environment): boolean {
  return (
    Object.hasOwn(systemProperties, "correlation.logs") &&
    systemProperties["correlation.logs"]?.trim().toLowerCase() === "true"
  );
}

/** Gives the message the id of its activity. */
export function correlate(message: Message): void {
  const { environment, headers } = message;
  const came = headers.get(CORRELATION_HEADER)?.trim().slice(0, ID_LENGTH_MAX);
  if (came) {
    message.properties.set(PROPERTY, came);
    return;
  }
  if (!isOn(environment)) return;
  const id = environment.newMessageId().replace("urn:uuid:", "");
  message.properties.set(PROPERTY, id);
  headers.set(CORRELATION_HEADER, id);
}

/** Writes the line of a request when it has been answered. Does nothing unless correlation logs are on. */
export function logRoundTrip(
  message: Message,
  request: ServiceRequest,
  response: Promise<ServiceResponse>,
): void {
  const { environment } = message;
  if (!isOn(environment)) return;
  const id = propertyText(message.properties.get(PROPERTY) ?? "");
  const beganMs = environment.clock.monotonicMs();
  const write = ({ status }: ServiceResponse): void => {
    const tookMs = Math.round(environment.clock.monotonicMs() - beganMs);
    const line = `${id}|${tookMs}|ROUND-TRIP LATENCY|${request.method}|${request.target}|${status}`;
    environment.log.child("correlation").info(logText(line));
  };
  void response.then(write);
}
