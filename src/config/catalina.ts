/**
 * tomcat/catalina-server.xml: the connectors of the management API and console. Only what decides where
 * and how a connector listens is read; Tomcat's engine, hosts, valves and tuning attributes are accepted.
 */
import type { ConfigProblems } from "../errors/config-error.ts";
import {
  attributeTable,
  branch,
  branches,
  elementTable,
  readAttributes,
  readChildren,
} from "./element-table.ts";
import type { ConnectorConfig } from "./node-config.ts";
import type { Setting, SettingReader } from "./setting-reader.ts";
import { defaultTlsFiles, type TlsDraft, tlsFilesOf } from "./tls-files.ts";
import { attributeOf } from "./xml-query.ts";
import type { XmlElement } from "./xml.ts";

const HTTP_PORT = 9763;
const HTTPS_PORT = 9443;

interface ConnectorDraft extends TlsDraft {
  protocol?: string;
  port?: Setting;
  proxyPort?: number | undefined;
  proxyName?: string | undefined;
  bindAddress?: string | undefined;
  scheme?: "http" | "https" | undefined;
  sslEnabled?: boolean | undefined;
}

interface CatalinaDraft {
  readonly portOffset: number;
  readonly connectors: ConnectorConfig[];
}

const CONNECTOR_ATTRIBUTES = attributeTable<ConnectorDraft>(
  {
    protocol: (setting, draft) => {
      draft.protocol = setting.text;
    },
    port: (setting, draft) => {
      draft.port = setting;
    },
    proxyPort: (setting, draft, reader) => {
      draft.proxyPort = reader.integer(setting, { what: "a port number", min: 1, max: 65_535 });
    },
    proxyName: (setting, draft, reader) => {
      draft.proxyName = reader.host(setting);
    },
    address: (setting, draft, reader) => {
      draft.bindAddress = reader.host(setting);
    },
    scheme: (setting, draft, reader) => {
      draft.scheme = reader.word(setting, ["http", "https"]);
    },
    SSLEnabled: (setting, draft, reader) => {
      draft.sslEnabled = reader.boolean(setting);
    },
    clientAuth: (setting, _draft, reader) => refuseClientCertificates(setting, reader.problems),
    certificateFile: (setting, draft) => {
      draft.certificateFile = setting;
    },
    certificateKeyFile: (setting, draft) => {
      draft.keyFile = setting;
    },
    keystoreFile: (setting, draft) => {
      draft.keystoreFile = setting;
    },
    keystorePass: (setting, draft) => {
      draft.keystorePassword = setting;
    },
    keystoreType: (setting, draft) => {
      draft.keystoreType = setting;
    },
    keyPass: (setting, draft) => {
      draft.keyPassword = setting;
    },
  },
  `
    acceptCount acceptorThreadCount acceptorThreadPriority allowTrace algorithm
    asyncTimeout bindOnInit bufferSize ciphers compressableMimeType compressibleMimeType
    compression compressionMinSize connectionLinger connectionTimeout
    connectionUploadTimeout disableUploadTimeout enableLookups executor keepAliveTimeout
    keyAlias maxConnections maxCookieCount maxExtensionSize maxHttpHeaderSize
    maxKeepAliveRequests maxParameterCount maxPostSize maxSavePostSize maxSwallowSize
    maxThreads maxTrailerSize minSpareThreads noCompressionUserAgents parseBodyMethods
    processorCache redirectPort restrictedUserAgents secure server sessionCacheSize
    sessionTimeout socketBuffer sslEnabledProtocols sslImplementationName sslProtocol
    tcpNoDelay threadPriority truststoreFile truststorePass truststoreType URIEncoding
    useBodyEncodingForURI useIPVHosts useSendfile useServerCipherSuitesOrder xpoweredBy
  `,
);

const SSL_HOST_CONFIG_ATTRIBUTES = attributeTable<ConnectorDraft>(
  {
    certificateVerification: (setting, _draft, reader) =>
      refuseClientCertificates(setting, reader.problems),
  },
  `
    ciphers honorCipherOrder hostName protocols sessionCacheSize sessionTimeout
    sslProtocol truststoreFile truststorePassword truststoreType truststoreAlgorithm
    truststoreProvider revocationEnabled keyManagerAlgorithm
  `,
);

const CERTIFICATE_ATTRIBUTES = attributeTable<ConnectorDraft>(
  {
    certificateFile: (setting, draft) => {
      draft.certificateFile = setting;
    },
    certificateKeyFile: (setting, draft) => {
      draft.keyFile = setting;
    },
    certificateKeystoreFile: (setting, draft) => {
      draft.keystoreFile = setting;
    },
    certificateKeystorePassword: (setting, draft) => {
      draft.keystorePassword = setting;
    },
    certificateKeystoreType: (setting, draft) => {
      draft.keystoreType = setting;
    },
    certificateKeyPassword: (setting, draft) => {
      draft.keyPassword = setting;
    },
  },
  "certificateKeyAlias certificateKeystoreProvider type",
);

const SSL_HOST_CONFIG = elementTable<ConnectorDraft>({
  Certificate: branch((element, draft, reader) =>
    readAttributes(element, CERTIFICATE_ATTRIBUTES, draft, reader),
  ),
});

const CONNECTOR = elementTable<ConnectorDraft>(
  {
    SSLHostConfig: branch((element, draft, reader) => {
      readAttributes(element, SSL_HOST_CONFIG_ATTRIBUTES, draft, reader);
      readChildren(element, SSL_HOST_CONFIG, draft, reader);
    }),
  },
  "UpgradeProtocol",
);

const SERVICE = elementTable<CatalinaDraft>(
  {
    Connector: branches((element, catalina, reader) => {
      const connector = readConnector(element, catalina.portOffset, reader);
      if (connector) catalina.connectors.push(connector);
    }),
  },
  "Engine Executor",
);

const SERVER = elementTable<CatalinaDraft>(
  { Service: branch((element, draft, reader) => readChildren(element, SERVICE, draft, reader)) },
  "Listener GlobalNamingResources",
);

/** Reads the root element of catalina-server.xml; undefined (no such file) means http 9763 and https 9443. */
export function readCatalina(
  root: XmlElement | undefined,
  reader: SettingReader,
  portOffset: number,
): readonly ConnectorConfig[] {
  if (!root) return defaultConnectors(reader.home, portOffset);
  const draft: CatalinaDraft = { portOffset, connectors: [] };
  readChildren(root, SERVER, draft, reader);
  return draft.connectors;
}

function defaultConnectors(home: string, portOffset: number): readonly ConnectorConfig[] {
  const shared = { bindAddress: "0.0.0.0", proxyPort: undefined, proxyName: undefined };
  return [
    { ...shared, scheme: "http", port: HTTP_PORT + portOffset, tls: undefined },
    { ...shared, scheme: "https", port: HTTPS_PORT + portOffset, tls: defaultTlsFiles(home) },
  ];
}

function readConnector(
  element: XmlElement,
  portOffset: number,
  reader: SettingReader,
): ConnectorConfig | undefined {
  const draft: ConnectorDraft = {};
  readAttributes(element, CONNECTOR_ATTRIBUTES, draft, reader);
  readChildren(element, CONNECTOR, draft, reader);
  if (draft.protocol?.toLowerCase().includes("ajp")) {
    reader.problems.warning(element.place, "the AJP connector is ignored: only HTTP is supported");
    return undefined;
  }
  if (attributeOf(element, "port") === undefined)
    reader.problems.error(element.place, "<Connector> needs the attribute port");
  const scheme = schemeOf(draft, element, reader.problems);
  const port = draft.port && reader.port(draft.port, portOffset);
  return {
    scheme,
    bindAddress: draft.bindAddress ?? "0.0.0.0",
    port: port ?? 0,
    proxyPort: draft.proxyPort,
    proxyName: draft.proxyName,
    tls: scheme === "https" ? tlsFilesOf(draft, element.place, reader) : undefined,
  };
}

/** SSLEnabled decides as in Tomcat. Where it is left out, a port that is meant for https never speaks plain HTTP. */
function schemeOf(
  draft: ConnectorDraft,
  element: XmlElement,
  problems: ConfigProblems,
): "http" | "https" {
  const looksSecure = draft.scheme === "https" || draft.port?.text === String(HTTPS_PORT);
  if (draft.sslEnabled === undefined && looksSecure) {
    if (draft.scheme !== "https")
      problems.warning(
        element.place,
        `the connector on port ${HTTPS_PORT} says neither SSLEnabled="true" nor scheme="https": it is taken as https`,
      );
    return "https";
  }
  return draft.sslEnabled ? "https" : "http";
}

/** Client certificates are never asked for; a node must not start more open than its file says. */
function refuseClientCertificates(setting: Setting, problems: ConfigProblems): void {
  if (["false", "none"].includes(setting.text.toLowerCase())) return;
  problems.error(
    setting.place,
    `client certificates ("${setting.text}") are not supported: expected "false" or "none"`,
  );
}
