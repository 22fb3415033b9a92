/**
 * One artifact of every kind, in versions that answer differently, and a faulty one of every kind. Used by artifacts.test.ts; the
 * guide docs/artifacts.md shows the same forms.
 */

const NAMESPACE = 'xmlns="http://ws.apache.org/ns/synapse"';
const TASK_NAMESPACE = 'xmlns:task="http://www.wso2.org/products/wso2commons/tasks"';

/** What a version of the artifacts needs to know. */
export interface SampleWorld {
  /** What the version answers. */
  readonly word: string;
  /** Plain HTTP port of the worker. */
  readonly workerPort: number;
  /** For the inbound endpoint. */
  readonly inboundPort: number;
}

/** Where requests go that show what an artifact does. */
export type SampleProof =
  | { readonly by: "service"; readonly name: string }
  | { readonly by: "path"; readonly path: string }
  | { readonly by: "port" }
  | { readonly by: "log"; readonly line: string }
  | { readonly by: "list" };

export interface Sample {
  readonly kind: string;
  readonly name: string;
  readonly xml: (world: SampleWorld) => string;
  readonly proof: SampleProof;
}

export interface FaultySample {
  readonly kind: string;
  readonly xml: string;
  readonly line: number;
  readonly message: RegExp;
}

const answer = (text: string, args = ""): string =>
  `<payloadFactory media-type="json"><format>{"answer":"${text}"}</format><args>${args}</args></payloadFactory><respond/>`;

function proxy(name: string, inside: string | ((world: SampleWorld) => string)): Sample {
  const text = (world: SampleWorld): string =>
    typeof inside === "string" ? inside : inside(world);
  return {
    kind: "proxy-service",
    name,
    proof: { by: "service", name },
    xml: (world) =>
      `<proxy ${NAMESPACE} name="${name}" transports="http https"><target><inSequence>${text(world)}</inSequence><outSequence><send/></outSequence></target></proxy>`,
  };
}

/** The proxy that shows what the artifact of the same number of words does. */
const using = (name: string): SampleProof => ({ by: "service", name: `Use${name}` });
const sendTo = (name: string): Sample =>
  proxy(`Use${name}`, `<send><endpoint key="${name}"/></send>`);

function endpoint(name: string, inside: (uri: string) => string): Sample {
  const uri = ({ workerPort, word }: SampleWorld): string =>
    `http://127.0.0.1:${workerPort}/say/${word}`;
  return {
    kind: "endpoint",
    name,
    proof: using(name),
    xml: (world) => `<endpoint ${NAMESPACE} name="${name}">${inside(uri(world))}</endpoint>`,
  };
}

const logging = (name: string, property: string): Sample => ({
  kind: "sequence",
  name,
  proof: { by: "log", line: property },
  xml: ({ word }) =>
    `<sequence ${NAMESPACE} name="${name}"><log level="custom"><property name="${property}" value="${word}"/></log><drop/></sequence>`,
});

export const SAMPLES: readonly Sample[] = [
  proxy("Hello", ({ word }) => answer(word)),
  {
    kind: "api",
    name: "Greeting",
    proof: { by: "path", path: "/greeting/you" },
    xml: ({ word }) =>
      `<api ${NAMESPACE} name="Greeting" context="/greeting"><resource methods="GET" uri-template="/{who}"><inSequence>${answer(word)}</inSequence></resource></api>`,
  },
  {
    kind: "api",
    name: "Say",
    proof: { by: "list" },
    xml: () =>
      `<api ${NAMESPACE} name="Say" context="/say"><resource methods="GET POST" uri-template="/{text}"><inSequence>${answer("$1", `<arg expression="get-property('uri.var.text')"/>`)}</inSequence></resource></api>`,
  },
  {
    kind: "sequence",
    name: "Answer",
    proof: using("Sequence"),
    xml: ({ word }) => `<sequence ${NAMESPACE} name="Answer">${answer(word)}</sequence>`,
  },
  proxy("UseSequence", '<sequence key="Answer"/>'),
  {
    kind: "template",
    name: "Answering",
    proof: using("Template"),
    xml: ({ word }) =>
      `<template ${NAMESPACE} name="Answering"><parameter name="end"/><sequence>${answer(`${word}$1`, '<arg expression="$func:end"/>')}</sequence></template>`,
  },
  proxy(
    "UseTemplate",
    '<call-template target="Answering"><with-param name="end" value=""/></call-template>',
  ),
  endpoint("AddressEP", (uri) => `<address uri="${uri}"/>`),
  sendTo("AddressEP"),
  endpoint("HttpEP", (uri) => `<http method="post" uri-template="${uri}"/>`),
  sendTo("HttpEP"),
  endpoint(
    "BalanceEP",
    (uri) =>
      `<loadbalance><endpoint><address uri="${uri}"/></endpoint><endpoint><address uri="${uri}"/></endpoint></loadbalance>`,
  ),
  sendTo("BalanceEP"),
  {
    kind: "template",
    name: "Backend",
    proof: { by: "list" },
    xml: ({ word }) =>
      `<template ${NAMESPACE} name="Backend"><parameter name="uri"/><endpoint name="$name"><address uri="$uri"><timeout><duration>${word.length}000</duration></timeout></address></endpoint></template>`,
  },
  {
    kind: "endpoint",
    name: "TemplateEP",
    proof: using("TemplateEP"),
    xml: ({ workerPort, word }) =>
      `<endpoint ${NAMESPACE} name="TemplateEP" template="Backend" uri="http://127.0.0.1:${workerPort}/say/${word}"/>`,
  },
  sendTo("TemplateEP"),
  {
    kind: "local-entry",
    name: "word",
    proof: using("Entry"),
    xml: ({ word }) => `<localEntry ${NAMESPACE} key="word">${word}</localEntry>`,
  },
  proxy("UseEntry", answer("$1", `<arg expression="get-property('word')"/>`)),
  proxy(
    "UseRegistry",
    answer("$1", `<arg expression="get-property('registry','conf:word.txt')"/>`),
  ),
  {
    kind: "task",
    name: "Ticker",
    proof: { by: "list" },
    xml: ({ word }) =>
      `<task ${NAMESPACE} name="Ticker" class="org.apache.synapse.startup.tasks.MessageInjector"><trigger interval="1" count="2"/>` +
      `<property ${TASK_NAMESPACE} name="injectTo" value="sequence"/><property ${TASK_NAMESPACE} name="sequenceName" value="Ticked"/>` +
      `<property ${TASK_NAMESPACE} name="message"><tick xmlns="">${word}</tick></property></task>`,
  },
  logging("Ticked", "ticked"),
  {
    kind: "message-store",
    name: "Keep",
    proof: { by: "list" },
    xml: ({ word }) =>
      `<messageStore ${NAMESPACE} name="Keep"><parameter name="note">${word}</parameter></messageStore>`,
  },
  {
    kind: "message-processor",
    name: "Sampler",
    proof: { by: "list" },
    xml: ({ word }) =>
      `<messageProcessor ${NAMESPACE} name="Sampler" class="org.apache.synapse.message.processor.impl.sampler.SamplingProcessor" messageStore="Keep">` +
      `<parameter name="interval">${100 + word.length}</parameter><parameter name="sequence">Sampled</parameter></messageProcessor>`,
  },
  logging("Sampled", "sampled"),
  {
    ...proxy("UseStore", '<store messageStore="Keep"/>'),
    proof: { by: "list" },
  },
  {
    kind: "inbound-endpoint",
    name: "Door",
    proof: { by: "port" },
    xml: ({ inboundPort }) =>
      `<inboundEndpoint ${NAMESPACE} name="Door" protocol="http" sequence="Answer" onError="fault" suspend="false"><parameters><parameter name="inbound.http.port">${inboundPort}</parameter></parameters></inboundEndpoint>`,
  },
  {
    kind: "priority-executor",
    name: "Queues",
    proof: { by: "list" },
    xml: ({ word }) =>
      `<priority-executor ${NAMESPACE} name="Queues"><queues><queue size="${100 + word.length}" priority="1"/></queues><threads max="10" core="2"/></priority-executor>`,
  },
];

export const FAULTY_SAMPLES: readonly FaultySample[] = [
  {
    kind: "proxy-service",
    xml: `<proxy ${NAMESPACE} name="F">\n<target><inSequence>\n<logg/>\n</inSequence></target></proxy>`,
    line: 3,
    message: /Unknown mediator .*: logg\. Supported mediators are/,
  },
  {
    kind: "api",
    xml: `<api ${NAMESPACE} name="F" context="no-slash">\n<resource methods="GET"/></api>`,
    line: 1,
    message: /must begin with '\/'/,
  },
  {
    kind: "sequence",
    xml: `<sequence ${NAMESPACE} name="F">\n<property value="x"/></sequence>`,
    line: 2,
    message: /The 'name' attribute is required/,
  },
  {
    kind: "template",
    xml: `<template ${NAMESPACE} name="F">\n<parameter name="a"/></template>`,
    line: 1,
    message: /needs a sequence or an endpoint inside/,
  },
  {
    kind: "endpoint (address)",
    xml: `<endpoint ${NAMESPACE} name="F">\n<address/></endpoint>`,
    line: 2,
    message: /The 'uri' attribute is required/,
  },
  {
    kind: "endpoint (http)",
    xml: `<endpoint ${NAMESPACE} name="F">\n<http method="get"/></endpoint>`,
    line: 2,
    message: /The 'uri-template' attribute is required/,
  },
  {
    kind: "endpoint (loadbalance)",
    xml: `<endpoint ${NAMESPACE} name="F">\n<loadbalance/></endpoint>`,
    line: 2,
    message: /must have child elements/,
  },
  {
    kind: "local-entry",
    xml: `<localEntry ${NAMESPACE}>x</localEntry>`,
    line: 1,
    message: /needs the attribute "key"/,
  },
  {
    kind: "task",
    xml: `<task ${NAMESPACE} name="F" class="com.acme.Task">\n<trigger interval="1"/></task>`,
    line: 1,
    message:
      /Java classes do not run here\. Use org\.apache\.synapse\.startup\.tasks\.MessageInjector/,
  },
  {
    kind: "message-store",
    xml: `<messageStore ${NAMESPACE} name="F" class="com.acme.Store"/>`,
    line: 1,
    message: /Java classes do not run here\. Use /,
  },
  {
    kind: "message-processor",
    xml: `<messageProcessor ${NAMESPACE} name="F" class="org.apache.synapse.message.processor.impl.sampler.SamplingProcessor"/>`,
    line: 1,
    message: /the 'messageStore' attribute is required/,
  },
  {
    kind: "inbound-endpoint",
    xml: `<inboundEndpoint ${NAMESPACE} name="F" protocol="http" sequence="Answer" onError="fault" suspend="false">\n<parameters><parameter name="inbound.http.port">abc</parameter></parameters></inboundEndpoint>`,
    line: 2,
    message: /must be a whole number from 1 to 65535, not "abc"/,
  },
  {
    kind: "no artifact",
    xml: "<proxies/>",
    line: 1,
    message: /is no Synapse artifact; the root must be: proxy, /,
  },
  {
    kind: "broken XML",
    xml: `<proxy ${NAMESPACE} name="F">\n<target>\n</proxy>`,
    line: 3,
    message: /XML is not well-formed/,
  },
];
