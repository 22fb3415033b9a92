/**
 * axis2.xml `<transportReceiver>`: where a node takes service requests (WSO2's pass-through listeners on
 * 8280 and 8243). Called by `axis2.ts`.
 */
import { branch, branches, elementTable, leaf, readChildren } from "./element-table.ts";
import type { ServiceListenerConfig } from "./node-config.ts";
import type { Setting, SettingReader } from "./setting-reader.ts";
import { defaultTlsFiles, type TlsDraft, tlsFilesOf } from "./tls-files.ts";
import { attributeOf } from "./xml-query.ts";
import type { XmlElement } from "./xml.ts";

const DEFAULT_PORTS = { http: 8280, https: 8243 } as const;

interface ReceiverDraft extends TlsDraft {
  readonly portOffset: number;
  port?: number | undefined;
  bindAddress?: string | undefined;
  wsdlEprPrefix?: string | undefined;
}

const KEY_STORE = elementTable<ReceiverDraft>({
  Location: leaf((setting, draft) => {
    draft.keystoreFile = setting;
  }),
  Type: leaf((setting, draft) => {
    draft.keystoreType = setting;
  }),
  Password: leaf((setting, draft) => {
    draft.keystorePassword = setting;
  }),
  KeyPassword: leaf((setting, draft) => {
    draft.keyPassword = setting;
  }),
});

const KEYSTORE_PARAMETER = elementTable<ReceiverDraft>({
  KeyStore: branch((element, draft, reader) => readChildren(element, KEY_STORE, draft, reader)),
});

const RECEIVER = elementTable<ReceiverDraft>(
  {
    "parameter port": leaf((setting, draft, reader) => {
      draft.port = reader.port(setting, draft.portOffset);
    }),
    "parameter bind-address": leaf((setting, draft, reader) => {
      draft.bindAddress = reader.host(setting);
    }),
    "parameter WSDLEPRPrefix": leaf((setting, draft, reader) => {
      draft.wsdlEprPrefix = eprPrefix(setting, reader);
    }),
    "parameter certificateFile": leaf((setting, draft) => {
      draft.certificateFile = setting;
    }),
    "parameter keyFile": leaf((setting, draft) => {
      draft.keyFile = setting;
    }),
    "parameter keystore": branch((element, draft, reader) =>
      readChildren(element, KEYSTORE_PARAMETER, draft, reader),
    ),
    "parameter SSLVerifyClient": leaf((setting, _draft, reader) => {
      if (setting.text.toLowerCase() === "none") return;
      reader.problems.error(
        setting.place,
        `SSLVerifyClient "${setting.text}" is not supported: expected "none"`,
      );
    }),
  },
  "",
  `
    non-blocking httpGetProcessor priorityConfigFile httpFrontendHostUrl truststore
    HttpsProtocols SSLProtocol PreferredCiphers disableRestServiceDispatching hostname
  `,
);

/** The row of axis2.xml. */
export const RECEIVER_ROW = branches<{
  readonly portOffset: number;
  readonly listeners: ServiceListenerConfig[];
}>((element, axis2, reader) => {
  const scheme = schemeOf(element, reader);
  if (!scheme) return;
  if (axis2.listeners.some((listener) => listener.scheme === scheme)) {
    const message = `there are two transport receivers named "${scheme}": leave one of them out`;
    reader.problems.error(element.place, message);
    return;
  }
  const draft: ReceiverDraft = { portOffset: axis2.portOffset };
  readChildren(element, RECEIVER, draft, reader);
  axis2.listeners.push({
    scheme,
    bindAddress: draft.bindAddress ?? "0.0.0.0",
    port: draft.port ?? DEFAULT_PORTS[scheme] + axis2.portOffset,
    wsdlEprPrefix: draft.wsdlEprPrefix,
    tls: scheme === "https" ? tlsFilesOf(draft, element.place, reader) : undefined,
  });
});

/** The listeners of a home without axis2.xml: http 8280 and https 8243, offset applied. */
export function defaultServiceListeners(
  home: string,
  portOffset: number,
): readonly ServiceListenerConfig[] {
  const shared = { bindAddress: "0.0.0.0", wsdlEprPrefix: undefined };
  return [
    { ...shared, scheme: "http", port: DEFAULT_PORTS.http + portOffset, tls: undefined },
    {
      ...shared,
      scheme: "https",
      port: DEFAULT_PORTS.https + portOffset,
      tls: defaultTlsFiles(home),
    },
  ];
}

/** The name decides, as in axis2. "local" calls services inside the node and needs no listener. */
function schemeOf(element: XmlElement, reader: SettingReader): "http" | "https" | undefined {
  const name = attributeOf(element, "name");
  if (name === "http" || name === "https") return name;
  if (name !== "local")
    reader.problems.warning(
      element.place,
      `the transport receiver "${name ?? ""}" is not supported and not started: only http and https are`,
    );
  return undefined;
}

/** "http://esb.wso2.com:80", with a path if wished, without the last slash. */
function eprPrefix(setting: Setting, reader: SettingReader): string | undefined {
  const { text, place } = setting;
  if (/^https?:\/\/[^/?#\s@]+(\/[^?#\s]*)?$/i.test(text) && URL.canParse(text))
    return text.replace(/\/+$/, "");
  const expected = "expected a URL such as http://esb.wso2.com:80";
  reader.problems.error(place, `"${text}" is not a WSDL EPR prefix: ${expected}`);
  return undefined;
}
