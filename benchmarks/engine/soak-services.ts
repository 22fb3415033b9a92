/** The services of the soak run: one of each thing that keeps memory outside the request, all under load in one worker. */
import { orderOf } from "./messages.ts";

export interface SoakService {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** What the answer must hold. */
  readonly expects: RegExp;
}

const XML = { "Content-Type": "text/xml; charset=UTF-8", SOAPAction: '"urn:placeOrder"' };
const JSON_TYPE = { "Content-Type": "application/json" };
const ORDER = orderOf(2_048);

export const SOAK_SERVICES: readonly SoakService[] = [
  { name: "Direct", headers: XML, body: ORDER, expects: /<order>/ },
  { name: "Route", headers: XML, body: ORDER, expects: /<order>/ },
  { name: "Xslt", headers: XML, body: ORDER, expects: /<purchase[^>]* symbol="IBM"/ },
  { name: "Script", headers: JSON_TYPE, body: '{"n":20}', expects: /"twice":\s*40/ },
  { name: "Split", headers: XML, body: ORDER, expects: /<all>.*<item>/s },
  { name: "Enrich", headers: XML, body: ORDER, expects: /<added>/ },
  { name: "Payload", headers: XML, body: ORDER, expects: /"symbol":\s*"IBM"/ },
  { name: "Fork", headers: XML, body: ORDER, expects: /<order>/ },
];

const STYLESHEET = `<localEntry key="sheet"><xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/"><purchase symbol="{//symbol}"><xsl:for-each select="//item"><line id="{id}"><xsl:value-of select="count"/></line></xsl:for-each></purchase></xsl:template></xsl:stylesheet></localEntry>`;
const SEND = '<send><endpoint key="B"/></send>';
const CALL = '<call><endpoint key="B"/></call>';

function proxy(name: string, inSequence: string, outSequence = "<send/>"): string {
  return `<proxy name="${name}"><target><inSequence>${inSequence}</inSequence><outSequence>${outSequence}</outSequence></target></proxy>`;
}

/** The artifacts; `backend` answers every request with an order. */
export function soakArtifacts(backend: string): string {
  const services = [
    proxy("Direct", SEND),
    proxy(
      "Route",
      `<switch source="//order/symbol"><case regex="IBM">${SEND}</case><default><drop/></default></switch>`,
    ),
    proxy("Xslt", '<xslt key="sheet" source="//order"/><respond/>'),
    proxy(
      "Script",
      `<script language="js">var p = mc.getPayloadJSON(); mc.setPayloadJSON({twice: p.n * 2});</script><respond/>`,
    ),
    proxy(
      "Split",
      `<iterate expression="//order/item"><target><sequence>${SEND}</sequence></target></iterate>`,
      `<property name="all" scope="default"><all xmlns=""/></property><aggregate><completeCondition><messageCount min="-1" max="-1"/></completeCondition><onComplete expression="//item" enclosingElementProperty="all"><send/></onComplete></aggregate>`,
    ),
    proxy(
      "Enrich",
      `<enrich><source type="inline" clone="true"><added xmlns="">1</added></source><target type="body" action="child"/></enrich><enrich><source type="body" clone="true"/><target type="property" property="kept"/></enrich><respond/>`,
    ),
    proxy(
      "Payload",
      `<payloadFactory media-type="json"><format>{"symbol":"$1"}</format><args><arg expression="//symbol" evaluator="xml"/></args></payloadFactory><property name="messageType" value="application/json" scope="axis2"/><respond/>`,
    ),
    proxy(
      "Fork",
      `<clone><target><sequence>${CALL}<drop/></sequence></target><target><sequence>${CALL}<log level="custom"><property name="x" expression="//symbol"/></log><respond/></sequence></target></clone>`,
    ),
  ];
  return `<definitions xmlns="http://ws.apache.org/ns/synapse">${STYLESHEET}<endpoint name="B"><address uri="${backend}"/></endpoint>${services.join("")}</definitions>`;
}
