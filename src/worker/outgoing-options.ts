/** How a node calls out, as its configuration says: the PEM files are read here, before the first call. */
import { readFileSync } from "node:fs";
import type { OutgoingTlsFiles, TransportConfig } from "../config/node-config.ts";
import { AppError, messageOf } from "../errors/app-error.ts";
import type { HttpClientOptions } from "../net/http-client.ts";
import { readDirectHosts } from "../net/outgoing-proxy.ts";
import type { TlsProfile } from "../net/outgoing-tls.ts";

/** @throws AppError TLS_MATERIAL naming the file that cannot be read. */
export function outgoingOptions(transport: TransportConfig | undefined): HttpClientOptions {
  if (!transport) return {};
  const { proxy, tls, checksHostNames, tlsProfiles } = transport;
  const profiles = new Map<string, TlsProfile>();
  for (const { servers, files } of tlsProfiles) {
    const profile = readProfile(files);
    for (const server of servers) profiles.set(server.toLowerCase(), profile);
  }
  return {
    tls: { ...readProfile(tls), checksHostNames, profiles },
    proxy: proxy && {
      host: proxy.host,
      port: proxy.port,
      directHosts: readDirectHosts(proxy.nonProxyHosts),
    },
  };
}

function readProfile(files: OutgoingTlsFiles): TlsProfile {
  return {
    authorities: readPem(files.trustedCertificateFile),
    certificate: readPem(files.certificateFile),
    key: readPem(files.keyFile),
  };
}

function readPem(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const sentence = `cannot read ${file}, which axis2.xml names for outgoing calls: ${messageOf(cause)}`;
    throw new AppError("TLS_MATERIAL", sentence, { side: "config", cause });
  }
}
