/**
 * What the fuzz tests start from: small configurations with every mediator that has children or expressions, messages of every
 * kind, and the acceptance cases where their folder is present.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { soap, SYNAPSE, TO_BACKEND } from "../mediation-world.ts";

const FOLDER = join(import.meta.dirname, "../../../../../shared/acceptance/synapse");

const proxy = (mediators: string): string =>
  `<proxy xmlns="${SYNAPSE}" name="P" transports="http https" startOnLoad="true"><target><inSequence onError="fault">${mediators}</inSequence><outSequence><log level="full"/><send/></outSequence><faultSequence><makefault version="soap11"><code xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" value="s:Server"/><reason expression="get-property('ERROR_MESSAGE')"/></makefault><respond/></faultSequence></target><publishWSDL key="w"/></proxy>`;

const IN_FLOWS: readonly string[] = [
  `<log level="custom" category="INFO" separator="|"><property name="a" expression="//symbol"/></log><property name="b" expression="count(//*)" scope="axis2" type="INTEGER"/><respond/>`,
  `<filter source="//symbol" regex="(IBM|SUN).*"><then><payloadFactory media-type="xml"><format><a>$1</a></format><args><arg expression="//symbol" evaluator="xml"/></args></payloadFactory></then><else><drop/></else></filter><respond/>`,
  `<switch source="get-property('To')"><case regex=".*P"><property name="x" value="1"/></case><default><log/></default></switch><send>${TO_BACKEND}</send>`,
  `<payloadFactory media-type="json"><format>{"a":"$1","b":[$2]}</format><args><arg evaluator="json" expression="$.a"/><arg value="2"/></args></payloadFactory><property name="messageType" value="application/json" scope="axis2"/><respond/>`,
  `<iterate id="i" expression="//symbol" continueParent="true"><target><sequence><send>${TO_BACKEND}</send></sequence></target></iterate><aggregate id="i"><completeCondition timeout="1"><messageCount min="1" max="2"/></completeCondition><onComplete expression="//symbol"><send/></onComplete></aggregate>`,
  `<enrich><source type="body" clone="true"/><target type="property" property="p"/></enrich><enrich><source type="inline"><a xmlns=""/></source><target xpath="//symbol" action="child"/></enrich><respond/>`,
  `<header name="To" value="http://backend:9000/a"/><header name="X" scope="transport" expression="//symbol"/><call><endpoint><http method="post" uri-template="http://backend:9000/{uri.var.x}"/></endpoint></call><respond/>`,
  `<script language="js">mc.setProperty("a", mc.getPayloadXML().toString());</script><respond/>`,
  `<foreach expression="//symbol"><sequence><log/></sequence></foreach><rewrite inProperty="p" outProperty="q"><rewriterule><action type="set" value="http" fragment="protocol"/></rewriterule></rewrite><respond/>`,
  `<xslt key="x"/><validate><schema key="s"/><on-fail><drop/></on-fail></validate><clone><target sequence="fault"/></clone><respond/>`,
];

const OTHER: readonly string[] = [
  `<api xmlns="${SYNAPSE}" name="A" context="/a" version="1" version-type="url"><resource methods="GET POST" uri-template="/b/{c}?d={d}"><inSequence><respond/></inSequence></resource></api>`,
  `<endpoint xmlns="${SYNAPSE}" name="E"><loadbalance algorithm="roundRobin"><endpoint><address uri="http://backend:9000/1"><suspendOnFailure><initialDuration>1</initialDuration><progressionFactor>2</progressionFactor></suspendOnFailure></address></endpoint></loadbalance></endpoint>`,
  `<template xmlns="${SYNAPSE}" name="T"><parameter name="p"/><sequence><log><property name="p" expression="$func:p"/></log></sequence></template>`,
  `<localEntry xmlns="${SYNAPSE}" key="x"><xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"><xsl:template match="/"><o/></xsl:template></xsl:stylesheet></localEntry>`,
  `<task xmlns="${SYNAPSE}" name="K" class="org.apache.synapse.startup.tasks.MessageInjector"><trigger count="1" interval="1"/></task>`,
];

/** Texts of one artifact, or of a whole configuration, each. */
export const CONFIGURATIONS: readonly string[] = [
  ...IN_FLOWS.map((flow) => proxy(flow)),
  ...OTHER,
  ...acceptanceFiles(),
];

export interface SeedMessage {
  readonly contentType: string;
  readonly body: string;
}

/** Flows that look into a message in as many ways as there are. */
export const LOOKING_FLOWS: readonly string[] = IN_FLOWS;

export const MESSAGES: readonly SeedMessage[] = [
  { contentType: "text/xml", body: soap("<getQuote><symbol>IBM</symbol></getQuote>", "<h/>") },
  {
    contentType: 'application/soap+xml; action="urn:q"',
    body: '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body><symbol>IBM</symbol></e:Body></e:Envelope>',
  },
  { contentType: "application/xml; charset=UTF-8", body: "<a b='1'><symbol>IBM</symbol></a>" },
  { contentType: "application/json", body: '{"a":{"b":[1,2.50,null,true,"x"]},"symbol":"IBM"}' },
  { contentType: "application/x-www-form-urlencoded", body: "a=1&b=%20x&symbol=IBM" },
  { contentType: "text/plain", body: "symbol=IBM" },
  { contentType: "application/octet-stream", body: "\u0000\u0001\u0002" },
  {
    contentType: 'multipart/form-data; boundary="b"',
    body: '--b\r\nContent-Disposition: form-data; name="symbol"\r\n\r\nIBM\r\n--b--\r\n',
  },
];

function acceptanceFiles(): readonly string[] {
  const folder = join(FOLDER, "configs");
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".xml"))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
}
