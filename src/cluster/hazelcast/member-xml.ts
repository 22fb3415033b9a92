/**
 * hazelcast.xml of the member that a node starts beside itself: bound to one address only, joined by TCP to the members
 * that axis2.xml lists and to nobody else, with the heartbeat and merge settings that were measured (the defaults take a
 * minute to notice a frozen member, and five to merge two halves).
 */
import { type Address, formatAddress } from "../member-address.ts";

export interface MemberXmlOptions {
  /** The name of the Hazelcast cluster. */
  readonly clusterName: string;
  readonly local: Address;
  /** All well-known members; may contain `local`. */
  readonly members: readonly Address[];
}

/** System properties of Hazelcast and why they differ from its defaults. */
const PROPERTIES: Readonly<Record<string, string>> = {
  // A frozen member is out after 5 s instead of 60 s, two halves merge after 5 s instead of 300 s.
  "hazelcast.heartbeat.interval.seconds": "1",
  "hazelcast.max.no.heartbeat.seconds": "5",
  "hazelcast.merge.first.run.delay.seconds": "5",
  "hazelcast.merge.next.run.delay.seconds": "5",
  // Expired entries are swept within a second instead of up to minutes.
  "hazelcast.internal.map.expiration.task.period.seconds": "1",
  "hazelcast.internal.map.expiration.cleanup.operation.count": "271",
  // Only the address above, no calls home, no other ports.
  "hazelcast.socket.bind.any": "false",
  "hazelcast.socket.client.bind.any": "false",
  "hazelcast.phone.home.enabled": "false",
  // Data goes to the others before the member ends.
  "hazelcast.shutdownhook.policy": "GRACEFUL",
  "hazelcast.graceful.shutdown.max.wait": "5",
  "hazelcast.logging.type": "jdk",
};

export function memberXml({ clusterName, local, members }: MemberXmlOptions): string {
  const addresses = new Set([local, ...members].map(formatAddress));
  const line = (indent: number, text: string): string => `${"  ".repeat(indent)}${text}`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    "<!-- Written by Bascule at each start: changes are lost. -->",
    '<hazelcast xmlns="http://www.hazelcast.com/schema/config">',
    line(1, `<cluster-name>${escape(clusterName)}</cluster-name>`),
    line(1, "<properties>"),
    ...Object.entries(PROPERTIES).map(([name, value]) =>
      line(2, `<property name="${name}">${value}</property>`),
    ),
    line(1, "</properties>"),
    line(1, "<network>"),
    line(2, `<public-address>${escape(formatAddress(local))}</public-address>`),
    line(2, `<port auto-increment="false">${local.port}</port>`),
    line(2, "<join>"),
    line(3, '<auto-detection enabled="false"/>'),
    line(3, '<multicast enabled="false"/>'),
    line(3, '<tcp-ip enabled="true" connection-timeout-seconds="2">'),
    ...[...addresses].map((address) => line(4, `<member>${escape(address)}</member>`)),
    line(3, "</tcp-ip>"),
    line(2, "</join>"),
    line(2, '<interfaces enabled="true">'),
    line(3, `<interface>${escape(local.host)}</interface>`),
    line(2, "</interfaces>"),
    line(2, '<rest-api enabled="false"/>'),
    line(1, "</network>"),
    line(1, '<map name="default">'),
    line(2, "<backup-count>1</backup-count>"),
    line(1, "</map>"),
    "</hazelcast>",
    "",
  ].join("\n");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

function escape(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? "");
}
