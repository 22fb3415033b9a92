/** Signs node certificates with the internal authority's key; on the manager that holds it, and in the commands that make a cluster. */
import { AppError, messageOf } from "../../errors/app-error.ts";
import { type CertificateAndKey, leafValidity } from "./local-certificates.ts";
import { type CertifiedNode, INTERNAL_SERVER_NAME, isNodeName } from "./node-certificate.ts";

/**
 * Certifies the public key of a node, 397 days. @returns PEM with a line break at its end.
 * @throws AppError TLS_MATERIAL when the key is no P-256 key or the name is none.
 */
export async function certifyNode(
  { name, role }: CertifiedNode,
  publicKey: string,
  authority: CertificateAndKey,
): Promise<string> {
  if (!isNodeName(name)) throw refused(`"${name.slice(0, 80)}" is no name of a node`);
  const { generate } = await import("selfsigned");
  const made = await generate([{ name: "commonName", value: name }], {
    keyType: "ec",
    curve: "P-256",
    algorithm: "sha256",
    ...leafValidity(),
    ca: { key: authority.key, cert: authority.certificate },
    // The library wants a pair; with `ca` it signs with that key only, and the private half goes nowhere.
    keyPair: { publicKey, privateKey: authority.key },
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "extKeyUsage", serverAuth: true, clientAuth: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: INTERNAL_SERVER_NAME },
          { type: 6, value: `urn:bascule:node:${role}:${name}` },
        ],
      },
    ],
  }).catch((cause: unknown) => {
    throw refused(`the node's public key cannot be certified (${messageOf(cause)})`);
  });
  return `${made.cert.trimEnd()}\n`;
}

function refused(message: string): AppError {
  return new AppError("TLS_MATERIAL", message, { side: "downstream" });
}
