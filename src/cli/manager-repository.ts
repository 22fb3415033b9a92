/**
 * How a worker reaches its manager's own repository from another machine: over https at the manager's management port. Before
 * each fetch the manager's certificate is looked at in this process, as strictly as everywhere between nodes (a registered node
 * takes only one that the internal authority has made for a registered manager, others the one that the manager's member
 * record tells), and git is then held to that very certificate and its key. Token and proof travel in a header that git
 * gets through its environment.
 */
import type { X509Certificate } from "node:crypto";
import { createHash } from "node:crypto";
import { lookup } from "node:dns/promises";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { dirname } from "node:path";
import type { Member } from "../cluster/cluster.ts";
import { formatHost } from "../cluster/member-address.ts";
import { MEMBER_PROPERTIES } from "../cluster/member-properties.ts";
import type { ConfigPair } from "../depsync/git-process.ts";
import type { RepositoryAccess } from "../depsync/git-location.ts";
import { AppError, messageOf } from "../errors/app-error.ts";
import { fingerprintOf } from "../net/tls/certificate-fingerprint.ts";
import type { LiveIdentity } from "../net/tls/live-identity.ts";
import { INTERNAL_SERVER_NAME } from "../net/tls/node-certificate.ts";
import { peerCertificate } from "../net/tls/peer-certificate.ts";
import { MEMBER_HEADER, memberProof } from "../net/trust/member-proof.ts";
import type { TrustHome } from "../net/trust/trust-home.ts";
import type { TrustView } from "../net/trust/trust-view.ts";
import type { Clock } from "../runtime/clock.ts";

/** Where the manager's API serves it. */
const PATH = "/repository.git";

export interface ManagerRepositoryOptions {
  /** The managers that membership knows. */
  readonly managers: () => readonly Member[];
  /** Of this node; undefined: it has no certificate. */
  readonly identity: LiveIdentity | undefined;
  readonly view: TrustView | undefined;
  readonly trustHome: TrustHome;
  /** Where the certificate that git is to trust is kept for it; holds no secret. Absolute. */
  readonly certificateFile: string;
  readonly clock: Clock;
}

/** The URL of a manager's repository, as messages show it; undefined: it tells no management port. */
export function repositoryUrl({ host, ports: { management } }: Member): string | undefined {
  return management === undefined ? undefined : `https://${formatHost(host)}:${management}${PATH}`;
}

export class ManagerRepository {
  readonly #options: ManagerRepositoryOptions;

  constructor(options: ManagerRepositoryOptions) {
    this.#options = options;
  }

  /** How git is to fetch from the URL; undefined: it is no manager's. @throws AppError DEPLOYMENT_REPOSITORY. */
  async access(url: string): Promise<RepositoryAccess | undefined> {
    const manager = this.#options.managers().find((member) => repositoryUrl(member) === url);
    if (!manager) return undefined;
    try {
      return await this.#accessTo(manager);
    } catch (cause) {
      if (cause instanceof AppError) throw cause;
      const message = `the manager ${manager.name} does not answer at ${url}: ${messageOf(cause)}`;
      throw unusable(message, cause);
    }
  }

  async #accessTo(manager: Member): Promise<RepositoryAccess> {
    const { trustHome, clock } = this.#options;
    const { host, ports } = manager;
    const port = ports.management ?? 0;
    const place = { host, port, servername: INTERNAL_SERVER_NAME };
    const certificate = await peerCertificate(place, clock);
    this.#check(manager, certificate);
    const address = isIP(host) === 0 ? (await lookup(host)).address : host;
    const isRegistered = trustHome.isRegistered;
    const name = isRegistered ? INTERNAL_SERVER_NAME : namedIn(certificate, address);
    await this.#keep(isRegistered ? this.#authority : certificate.toString());
    const header = this.#header(fingerprintOf(certificate));
    const shown = formatHost(name);
    const resolve: readonly ConfigPair[] =
      name === address ? [] : [["http.curloptResolve", `${name}:${port}:${formatHost(address)}`]];
    return {
      url: `https://${shown}:${port}${PATH}`,
      config: [
        ...resolve,
        ["http.sslCAInfo", this.#options.certificateFile],
        ["http.pinnedPubkey", pinOf(certificate)],
        ["http.sslVerify", "true"],
        // Between nodes there is no proxy.
        ["http.proxy", ""],
        ["http.extraHeader", header],
      ],
      secrets: [header.slice(header.indexOf(" ") + 1)],
    };
  }

  /** @throws AppError DEPLOYMENT_REPOSITORY when it is not the manager that the authority, or without one membership, tells. */
  #check({ name, properties }: Member, certificate: X509Certificate): void {
    const { view, trustHome } = this.#options;
    const who = `what answers in the place of the manager ${name} shows`;
    if (trustHome.isRegistered) {
      if (view?.isManager(certificate) === true) return;
      throw unusable(`${who} a certificate that this cluster's authority has made for no manager`);
    }
    if (properties[MEMBER_PROPERTIES.managementCertificate] === fingerprintOf(certificate)) return;
    throw unusable(`${who} another certificate than ${name} tells`);
  }

  get #authority(): string {
    return this.#options.view?.material?.authority ?? "";
  }

  /** "Name: value". */
  #header(managerFingerprint: string): string {
    const { trustHome, identity } = this.#options;
    if (trustHome.isRegistered) {
      const { name, token } = trustHome.registration();
      return `X-Bascule-Node: ${name}:${token}`;
    }
    const proof = identity && memberProof(identity.shown, managerFingerprint);
    if (proof !== undefined) return `${MEMBER_HEADER}: ${proof}`;
    throw unusable(
      "this worker cannot show the manager who it is: register its home (bascule register-node), or give it a certificate in PEM files in the place of a keystore",
    );
  }

  async #keep(pem: string): Promise<void> {
    const { certificateFile: file } = this.#options;
    if ((await readFile(file, "utf8").catch(() => "")) === pem) return;
    await mkdir(dirname(file), { recursive: true });
    await writeFile(`${file}.new`, pem);
    await rename(`${file}.new`, file);
  }
}

/** A name that the certificate has, so that git finds it there; where it goes is told apart. */
function namedIn(certificate: X509Certificate, address: string): string {
  if (certificate.checkIP(address) !== undefined) return address;
  const names = [...(certificate.subjectAltName ?? "").matchAll(/DNS:([a-z0-9][a-z0-9.-]*)/gi)];
  const [name] = names.map(([, one = ""]) => one).toSorted((a, b) => b.length - a.length);
  if (name !== undefined) return name;
  throw unusable(
    "the manager's certificate names no host (subjectAltName): give it one, or register the nodes (bascule init-cluster)",
  );
}

/** As curl's CURLOPT_PINNEDPUBLICKEY takes it. */
function pinOf({ publicKey }: X509Certificate): string {
  const key = publicKey.export({ type: "spki", format: "der" });
  return `sha256//${createHash("sha256").update(key).digest("base64")}`;
}

function unusable(message: string, cause?: unknown): AppError {
  return new AppError("DEPLOYMENT_REPOSITORY", message, { side: "peer", retryable: true, cause });
}
