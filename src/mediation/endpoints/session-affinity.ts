/**
 * How a load-balance endpoint recognises a client (Dispatcher of Synapse): by a session cookie that a child has set, by
 * the ServiceGroupId that Axis2 puts into ReplyTo, or by the ClientID header that the client itself sends.
 */
import type { HeaderList } from "../engine.ts";
import type { Message } from "../message/message.ts";
import { elementNamed, textContentOf, type XmlElementNode } from "../xml/dom.ts";
import { headerOf } from "../xml/soap.ts";

export const SESSION_TYPES = ["http", "soap", "simpleClientSession"] as const;
export type SessionType = (typeof SESSION_TYPES)[number];

export interface SessionRules {
  readonly type: SessionType;
  readonly timeoutMs: number;
}

/** synapse.global_session_timeout as EI sets it. */
export const SESSION_TIMEOUT_MS = 600_000;

const AXIS2_NAMESPACE = "http://ws.apache.org/namespaces/axis2";
const SYNAPSE_NAMESPACE = "http://ws.apache.org/ns/synapse";
const ADDRESSING_NAMESPACE = "http://www.w3.org/2005/08/addressing";
const COOKIE = /^(?:JSESSIONID|PHPSESSID|phpMyAdmin|wordpress_test_cookie)[^=]*=./;

/** Ids that a request may belong to; several cookies may be of several servers. */
export async function requestSessions(
  type: SessionType,
  message: Message,
): Promise<readonly string[]> {
  if (type === "http") return cookiesOf(message.headers.get("Cookie") ?? "").filter(isSession);
  const header = headerOf(await message.envelope());
  const [namespace, name] =
    type === "soap" ? [AXIS2_NAMESPACE, "ServiceGroupId"] : [SYNAPSE_NAMESPACE, "ClientID"];
  const id = header && idIn(header, namespace, name);
  return id === undefined ? [] : [id];
}

/** Ids that the cookies of a response open. */
export function cookieSessions(headers: HeaderList): readonly string[] {
  return headers
    .filter(([name]) => name.toLowerCase() === "set-cookie")
    .map(([, value]) => cookiesOf(value)[0] ?? "")
    .filter(isSession);
}

/** The id that the ReplyTo of a response opens. */
export async function soapSession(response: Message): Promise<string | undefined> {
  const header = headerOf(await response.envelope());
  const replyTo = header && elementNamed(header, ADDRESSING_NAMESPACE, "ReplyTo");
  const parameters = replyTo && elementNamed(replyTo, ADDRESSING_NAMESPACE, "ReferenceParameters");
  return parameters && idIn(parameters, AXIS2_NAMESPACE, "ServiceGroupId");
}

/** Takes ids away that no child knows: a server would answer with a session that has ended. */
export async function removeSessions(type: SessionType, message: Message): Promise<void> {
  if (type === "simpleClientSession") return;
  if (type === "http") {
    const cookies = cookiesOf(message.headers.get("Cookie") ?? "");
    const others = cookies.filter((cookie) => !isSession(cookie));
    if (others.length === cookies.length) return;
    if (others.length === 0) message.headers.remove("Cookie");
    else message.headers.set("Cookie", others.join("; "));
    return;
  }
  const header = headerOf(await message.envelope());
  const block = header && elementNamed(header, AXIS2_NAMESPACE, "ServiceGroupId");
  if (block) header.removeChild(block);
}

function cookiesOf(value: string): readonly string[] {
  return value
    .split(";")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function isSession(cookie: string): boolean {
  return COOKIE.test(cookie);
}

function idIn(parent: XmlElementNode, namespace: string, name: string): string | undefined {
  const element = elementNamed(parent, namespace, name);
  const text = element ? textContentOf(element).trim() : "";
  return text === "" ? undefined : text;
}
