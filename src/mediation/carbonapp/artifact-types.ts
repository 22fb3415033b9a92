/** The types of artifacts in carbon applications: what their file holds, or why they are refused. */

/** What is done with an artifact of a type. */
export type TypeRole =
  /** A file of Synapse; `element` is its root. */
  | { readonly kind: "artifact"; readonly element: string }
  /** registry-info.xml and the files that it names. */
  | { readonly kind: "resource" }
  /** An application inside the application. */
  | { readonly kind: "application" }
  /** `why` ends a sentence. */
  | { readonly kind: "refused"; readonly why: string };

const ARTIFACTS: Readonly<Record<string, string>> = {
  "synapse/proxy-service": "proxy",
  "synapse/api": "api",
  "synapse/sequence": "sequence",
  "synapse/endpoint": "endpoint",
  "synapse/local-entry": "localEntry",
  "synapse/template": "template",
  "synapse/sequenceTemplate": "template",
  "synapse/endpointTemplate": "template",
  "synapse/task": "task",
  "synapse/message-store": "messageStore",
  "synapse/message-processors": "messageProcessor",
  "synapse/message-processor": "messageProcessor",
  "synapse/inbound-endpoint": "inboundEndpoint",
  "synapse/priority-executor": "priorityExecutor",
};

const REFUSALS: Readonly<Record<string, string>> = {
  "lib/synapse/mediator":
    "class mediators are Java: write the mediation as a script mediator, or as a service that the call mediator asks",
  "synapse/lib":
    "connectors are Java archives: call the service's own HTTP interface with call and an http endpoint",
  "synapse/event-source":
    "use a proxy service with clone or an endpoint with recipientlist for subscribers",
};

/** The role of a type, "synapse/api". */
export function typeRole(type: string): TypeRole {
  if (type === "registry/resource") return { kind: "resource" };
  if (type === "carbon/application") return { kind: "application" };
  const element = Object.hasOwn(ARTIFACTS, type) ? ARTIFACTS[type] : undefined;
  if (element !== undefined) return { kind: "artifact", element };
  const why = Object.hasOwn(REFUSALS, type) ? REFUSALS[type] : undefined;
  return { kind: "refused", why: why ?? "the engine has nothing that runs them" };
}
