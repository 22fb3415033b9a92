/**
 * axis2.xml: bounds of messages (parameters of the root) and how a node calls out (`<transportSender>`: HTTP proxy,
 * whom it trusts over TLS, servers with TLS settings of their own). Called by `axis2.ts`; `worker` reads the files.
 */
import { branch, branches, elementTable, leaf, readChildren } from "./element-table.ts";
import type { OutgoingTlsFiles, TransportConfig } from "./node-config.ts";
import type { SettingReader } from "./setting-reader.ts";
import { attributeOf } from "./xml-query.ts";

/** What the rows fill in. */
export interface TransportDraft {
  messagesInFlightMax?: number | undefined;
  messageBytesMax?: number | undefined;
  proxyHost?: string | undefined;
  proxyPort?: number | undefined;
  nonProxyHosts?: string | undefined;
  allowsAnyHostName?: boolean | undefined;
  readonly tls: TlsFilesDraft;
  readonly profiles: { readonly servers: readonly string[]; readonly files: OutgoingTlsFiles }[];
}

interface TlsFilesDraft {
  trustedCertificateFile?: string | undefined;
  certificateFile?: string | undefined;
  keyFile?: string | undefined;
}

interface ProfileDraft extends TlsFilesDraft {
  servers?: readonly string[] | undefined;
}

const IN_FLIGHT = { what: "a number of messages", min: 1, max: 1_000_000 };
const BYTES = { what: "a number of bytes", min: 1_024, max: 1_073_741_824 };

/** The parameters of `<axisconfig>`. */
export const TRANSPORT_PARAMETERS = {
  "parameter maxMessagesInFlight": leaf<TransportDraft>((setting, draft, reader) => {
    draft.messagesInFlightMax = reader.integer(setting, IN_FLIGHT);
  }),
  "parameter maxMessageBytes": leaf<TransportDraft>((setting, draft, reader) => {
    draft.messageBytesMax = reader.integer(setting, BYTES);
  }),
} as const;

const PROFILE = elementTable<ProfileDraft>(
  {
    servers: leaf((setting, draft) => {
      draft.servers = setting.text.split(/[,\s]+/).filter((server) => server !== "");
    }),
    trustedCertificateFile: leaf((setting, draft, reader) => {
      draft.trustedCertificateFile = reader.path(setting);
    }),
    certificateFile: leaf((setting, draft, reader) => {
      draft.certificateFile = reader.path(setting);
    }),
    keyFile: leaf((setting, draft, reader) => {
      draft.keyFile = reader.path(setting);
    }),
  },
  `
    KeyStore TrustStore
  `,
);

const PROFILES = elementTable<TransportDraft>({
  profile: branches((element, draft, reader) => {
    const profile: ProfileDraft = {};
    readChildren(element, PROFILE, profile, reader);
    const { servers = [], ...files } = profile;
    draft.profiles.push({ servers, files });
  }),
});

const SENDER = elementTable<TransportDraft>(
  {
    "parameter http.proxyHost": leaf((setting, draft, reader) => {
      draft.proxyHost = reader.host(setting);
    }),
    "parameter http.proxyPort": leaf((setting, draft, reader) => {
      draft.proxyPort = reader.port(setting, 0);
    }),
    "parameter http.nonProxyHosts": leaf((setting, draft) => {
      draft.nonProxyHosts = setting.text;
    }),
    "parameter HostnameVerifier": leaf((setting, draft) => {
      draft.allowsAnyHostName = setting.text.toLowerCase() === "allowall";
    }),
    "parameter trustedCertificateFile": leaf((setting, draft, reader) => {
      draft.tls.trustedCertificateFile = reader.path(setting);
    }),
    "parameter certificateFile": leaf((setting, draft, reader) => {
      draft.tls.certificateFile = reader.path(setting);
    }),
    "parameter keyFile": leaf((setting, draft, reader) => {
      draft.tls.keyFile = reader.path(setting);
    }),
    "parameter customSSLProfiles": branch((element, draft, reader) =>
      readChildren(element, PROFILES, draft, reader),
    ),
  },
  "",
  "*",
);

/** The row of axis2.xml: http and https are one sender here; others (jms, mailto, local) are not the node's. */
export const SENDER_ROW = branches<TransportDraft>((element, draft, reader) => {
  const name = attributeOf(element, "name");
  if (name === "http" || name === "https") readChildren(element, SENDER, draft, reader);
});

/** WSO2 takes 80 where no port is given. */
const PROXY_PORT = 80;

/** What the rows have filled in; the -D properties of the same names stand in for what the file does not say. */
export function transportOf(
  draft: TransportDraft,
  { properties }: { readonly properties: Readonly<Record<string, string>> },
  reader: SettingReader,
): TransportConfig {
  const host = draft.proxyHost ?? properties["http.proxyHost"];
  const place = { file: "the command line", line: 0 };
  const portText = properties["http.proxyPort"];
  const given = portText === undefined ? undefined : reader.port({ text: portText, place }, 0);
  const nonProxyHosts = draft.nonProxyHosts ?? properties["http.nonProxyHosts"] ?? "";
  return {
    messagesInFlightMax: draft.messagesInFlightMax,
    messageBytesMax: draft.messageBytesMax,
    proxy:
      host === undefined || host === ""
        ? undefined
        : { host, port: draft.proxyPort ?? given ?? PROXY_PORT, nonProxyHosts },
    tls: draft.tls,
    checksHostNames: draft.allowsAnyHostName !== true,
    tlsProfiles: draft.profiles,
  };
}
