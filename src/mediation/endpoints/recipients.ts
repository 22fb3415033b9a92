/**
 * Recipient lists (RecipientListEndpoint): a copy of the message for each recipient that is ready. Recipients that an
 * expression names are address endpoints, whose state is kept for the `poolSize` last ones.
 */
import { valueText } from "../mediators/named-value.ts";
import type { Message } from "../message/message.ts";
import { CORRELATION_PROPERTY, SEQUENCE_PROPERTY } from "../message/split-properties.ts";
import { DEFAULT_SETTINGS, type Endpoint, type RecipientListEndpoint } from "./endpoint.ts";
import { groupFault } from "./endpoint-faults.ts";
import { DEFAULT_SUSPENSION } from "./endpoint-health.ts";
import { setEndpointProperties } from "./endpoint-properties.ts";
import { isReady } from "./resolve-endpoint.ts";

/** A copy and where it goes. */
export interface Recipient {
  readonly message: Message;
  readonly endpoint: Endpoint;
}

/** Most recipients of one message. */
const RECIPIENTS_MAX = 1_000;

/** @throws MediationFault when no recipient is ready, or the body is faulty. */
export async function recipientsOf(
  message: Message,
  list: RecipientListEndpoint,
): Promise<readonly Recipient[]> {
  const endpoints = await endpointsOf(message, list);
  const ready: Endpoint[] = [];
  for (const endpoint of endpoints) if (await isReady(endpoint, message)) ready.push(endpoint);
  if (ready.length === 0) {
    if (endpoints.length === 0) message.environment.log.warn("No recipient/s was derived");
    throw groupFault(list, "no ready child endpoints");
  }
  const copies: Recipient[] = [];
  for (const [index, endpoint] of ready.entries()) {
    const copy = await message.fork();
    copy.properties.set(CORRELATION_PROPERTY, message.addressing.MessageID ?? "");
    copy.properties.set(SEQUENCE_PROPERTY, `${index}/${endpoints.length}`);
    await setEndpointProperties(copy, list.properties);
    copies.push({ message: copy, endpoint });
  }
  return copies;
}

async function endpointsOf(
  message: Message,
  { identity, recipients }: RecipientListEndpoint,
): Promise<readonly Endpoint[]> {
  if (recipients.kind === "fixed") return recipients.endpoints;
  const text = await valueText(recipients.source, message);
  const addresses = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .slice(0, RECIPIENTS_MAX);
  return addresses.map((uri, index) => ({
    kind: "address",
    uri,
    settings: {
      ...DEFAULT_SETTINGS,
      suspension: DEFAULT_SUSPENSION,
      identity: index < recipients.poolSize ? `${identity ?? ""} ${uri}` : undefined,
    },
  }));
}
