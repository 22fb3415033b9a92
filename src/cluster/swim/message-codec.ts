/** Cluster messages on the wire: bounds of topic and body, checked alike before sending and after receiving. */
import { AppError } from "../../errors/app-error.ts";
import { type ClusterMessage, MESSAGE_BYTES_MAX } from "../cluster.ts";
import { Malformed, readFields, readObject, readText, readUuid } from "./wire-fields.ts";

/** Length of a topic, in characters. */
const TOPIC_MAX = 100;
const BODY_FIELDS_MAX = 32;
const BODY_NAME_MAX = 64;

/** @throws Malformed when it does not have the agreed form. */
export function decodeMessage(value: unknown): ClusterMessage {
  const fields = readFields(value, "message", ["id", "topic", "body"]);
  const body = Object.entries(readObject(fields["body"], "body"));
  if (body.length > BODY_FIELDS_MAX) throw new Malformed("body has too many fields");
  return {
    id: readUuid(fields["id"], "id"),
    topic: readText(fields["topic"], "topic", TOPIC_MAX),
    body: Object.fromEntries(body.map(([name, field]) => [name, decodeBodyField(name, field)])),
  };
}

function decodeBodyField(name: string, value: unknown): string | number | boolean {
  if (name.length > BODY_NAME_MAX || name === "__proto__") {
    throw new Malformed("body has a field with a forbidden name");
  }
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new Malformed(`body.${name} is neither text, number nor boolean`);
}

/**
 * Checks a message before it is queued.
 * @throws AppError CLUSTER_LIMIT when its body is larger than MESSAGE_BYTES_MAX or not of the allowed form.
 */
export function checkMessage(message: ClusterMessage): void {
  const text = JSON.stringify(message);
  const bytes = Buffer.byteLength(JSON.stringify(message.body));
  try {
    decodeMessage(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new AppError("CLUSTER_LIMIT", `a cluster message cannot be sent: ${error.message}`);
  }
  if (bytes <= MESSAGE_BYTES_MAX) return;
  throw new AppError(
    "CLUSTER_LIMIT",
    `a cluster message about "${message.topic}" takes ${bytes} bytes, at most ${MESSAGE_BYTES_MAX} are allowed: send a reference instead of the content`,
  );
}
