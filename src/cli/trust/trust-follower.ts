/**
 * Keeps a registered node's trust current: asks the manager before the node joins, every few seconds, and when the manager says
 * that something has changed; takes new secrets, members and withdrawn certificates, and replaces the node's own certificate
 * when it is told to. While no manager answers, what the home holds stays right. A manager's word that this node was removed
 * is heard here: over TLS that the cluster's authority vouches for, so that nobody else can say it.
 */
import { AppError, messageOf } from "../../errors/app-error.ts";
import type { ErrorCode } from "../../errors/codes.ts";
import { fingerprintOf } from "../../net/tls/certificate-fingerprint.ts";
import { makeNodeKeyPair } from "../../net/tls/node-certificate.ts";
import {
  askManagerNode,
  type ManagerEndpoint,
  type NodeRequest,
} from "../../net/trust/ask-manager-node.ts";
import { renewalOf } from "../../net/trust/renewal.ts";
import { authorityFingerprint, type TrustHome } from "../../net/trust/trust-home.ts";
import { readTrustMaterial, type TrustMaterial } from "../../net/trust/trust-material.ts";
import type { TrustView } from "../../net/trust/trust-view.ts";
import type { Log } from "../../observability/log.ts";
import { type Clock, sleep, type Timer } from "../../runtime/clock.ts";
import type { Closable } from "../../runtime/lifecycle.ts";

/** Managers in touch count a node as away after 25 s. */
const ASK_MS = 10_000;
/** Of a node that the manager does not take: more would count against the nodes that share its address. */
const REFUSED_ASK_MS = 60_000;
/** How long a start waits for the manager. */
const FIRST_MS_MAX = 2_000;
/** Of one look; the next one goes on. */
const ASKED_AGAIN_MAX = 10;

export interface ManagerPlace {
  readonly host: string;
  readonly port: number;
}

/**
 * What the manager said last of this node. "refused": it does not know it, which a restored database may be the reason of;
 * "removed": it has withdrawn the very certificate that the node has, for good.
 */
export type Standing = "taken" | "refused" | "removed";

export interface TrustFollowerOptions {
  readonly home: TrustHome;
  readonly view: TrustView;
  /** Managers that membership knows; that of the registration is asked in any case. */
  readonly managers: () => readonly ManagerPlace[];
  /** Called when new material is in the home and in the view; resolves when it is in use. */
  readonly onMaterial: (material: TrustMaterial) => Promise<void> | undefined;
  /** Called when the home has another certificate. */
  readonly onCertificate: () => void;
  /** Called when the manager says something else of this node than before; after "removed" never again. */
  readonly onStanding: (standing: Standing) => void;
  /** Default: over the network. */
  readonly askManager?: typeof askManagerNode;
  readonly log: Log;
  readonly clock: Clock;
}

export class TrustFollower implements Closable {
  readonly #options: TrustFollowerOptions;
  #timer: Timer | undefined;
  #asking: Promise<void> | undefined;
  #isWantedAgain = false;
  #isClosed = false;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  /** The refusal that was logged last: each is said once. */
  #said = "";
  #standing: Standing = "taken";

  constructor(options: TrustFollowerOptions) {
    this.#options = options;
  }

  /** What the manager has said last; "taken" before it has said anything. */
  get standing(): Standing {
    return this.#standing;
  }

  /** Resolves when the manager has answered, or after a short time without an answer. */
  async start(): Promise<void> {
    const { clock } = this.#options;
    await Promise.race([this.ask(), sleep(clock, FIRST_MS_MAX)]);
    this.#timer = clock.every(ASK_MS, () => {
      if (clock.monotonicMs() >= this.#notBeforeMs) void this.ask();
    });
  }

  /** Asks now; while one asks already, once more after it. Never rejects. */
  ask(): Promise<void> {
    if (this.#asking) this.#isWantedAgain = true;
    this.#asking ??= this.#askAll().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.#asking;
  }

  async #askAll(): Promise<void> {
    do {
      this.#isWantedAgain = false;
      try {
        // After new material once more: the manager waits to hear that this node has it.
        for (let left = ASKED_AGAIN_MAX; left > 0 && !this.#isClosed; left -= 1)
          if (!(await this.#askOnce())) break;
        this.#say("");
      } catch (error) {
        if (isRefusal(error))
          this.#notBeforeMs = this.#options.clock.monotonicMs() + REFUSED_ASK_MS;
        if (this.#standing !== "removed") this.#say(messageOf(error));
      }
    } while (this.#isWantedAgain && !this.#isClosed);
  }

  /** @returns whether something was new. */
  async #askOnce(): Promise<boolean> {
    const { view, home, onMaterial } = this.#options;
    const have = view.material?.generation ?? 0;
    const path = `/management/cluster/material?have=${have}${this.#ownCertificate()}`;
    const { mustRenew, material, repository } = await this.#requestMaterial(path);
    if (typeof repository === "string") view.takeRepository(repository);
    const news =
      material === undefined ? undefined : readTrustMaterial(material, "the manager's answer");
    if (news) this.#checkAuthority(news);
    const isNew = news !== undefined && view.take(news);
    if (isNew) {
      home.writeMaterial(news);
      await onMaterial(news);
    }
    if (mustRenew !== true) return isNew;
    await this.#renew();
    return true;
  }

  async #requestMaterial(path: string): Promise<Answer> {
    try {
      const answer = await this.#request({ method: "GET", path });
      this.#stand("taken");
      return answer;
    } catch (error) {
      if (isRefusal(error)) this.#stand(isRemoval(error) ? "removed" : "refused");
      throw error;
    }
  }

  #stand(standing: Standing): void {
    if (standing === this.#standing || this.#standing === "removed") return;
    this.#standing = standing;
    this.#options.onStanding(standing);
  }

  /** By it the manager tells a removed node from one that it does not know. A file that cannot be read keeps nobody from asking. */
  #ownCertificate(): string {
    try {
      return `&certificate=${fingerprintOf(this.#options.home.certificate())}`;
    } catch {
      return "";
    }
  }

  async #renew(): Promise<void> {
    const { home, view, onCertificate, log } = this.#options;
    const pair = makeNodeKeyPair();
    const body = renewalOf(home.registration(), home, pair);
    const path = "/management/cluster/certificates";
    const { certificate } = await this.#request({ method: "POST", path, body });
    if (typeof certificate !== "string")
      throw new AppError("CLUSTER_TRUST", "the manager gave no certificate", { side: "peer" });
    home.writeIdentity(certificate, view.material?.authority ?? "", pair.privateKey);
    onCertificate();
    log.info("The node's internal certificate was replaced");
  }

  /** Of the first manager that takes the request. @throws AppError of one that refused it, else of the last one that did not answer. */
  async #request(request: Omit<NodeRequest, "credentials">): Promise<Answer> {
    const { home, view, managers, clock, askManager = askManagerNode } = this.#options;
    const { name, token, manager } = home.registration();
    const pin = {
      authorityFingerprint: authorityFingerprint(view.material?.authority ?? ""),
      isRevoked: (fingerprint: string) => view.isRevoked(fingerprint),
    };
    let failure: unknown;
    for (const place of distinct([...managers(), manager])) {
      try {
        const endpoint: ManagerEndpoint = { ...place, ...pin };
        const credentials = `${name}:${token}`;
        const { status, body } = await askManager(endpoint, { ...request, credentials }, clock);
        const answer: Answer = typeof body === "object" && body ? body : {};
        if (status === 200) return answer;
        throw refusal(status, answer, place);
      } catch (error) {
        if (!isRefusal(failure) || isRemoval(error)) failure = error;
      }
    }
    throw failure;
  }

  /** An authority never changes while its nodes live: another one would be another cluster. */
  #checkAuthority({ authority }: TrustMaterial): void {
    const known = this.#options.view.material?.authority ?? authority;
    if (authorityFingerprint(known) === authorityFingerprint(authority)) return;
    const message = "the manager tells another authority than the one that this node knows";
    throw new AppError("CLUSTER_TRUST", message, { side: "peer" });
  }

  #say(reason: string): void {
    const { log } = this.#options;
    if (reason !== "" && reason !== this.#said)
      log.warn(`The cluster's trust is not kept current: ${reason}`);
    if (reason === "" && this.#said !== "") log.info("The cluster's trust is kept current again");
    this.#said = reason;
  }
}

type Answer = Partial<Readonly<Record<string, unknown>>>;

function distinct(places: readonly ManagerPlace[]): readonly ManagerPlace[] {
  return [...new Map(places.map((place) => [`${place.host} ${place.port}`, place])).values()];
}

function isRefusal(error: unknown): boolean {
  return isRemoval(error) || (error instanceof AppError && error.code === "JOIN_REFUSED");
}

function isRemoval(error: unknown): boolean {
  return error instanceof AppError && error.code === "NODE_REMOVED";
}

function refusal(status: number, answer: Answer, { host, port }: ManagerPlace): AppError {
  const reason = typeof answer["Error"] === "string" ? answer["Error"] : `status ${status}`;
  const message = `the manager at ${host}:${port} says: ${reason}`;
  return new AppError(codeOf(status, answer), message, { side: "peer" });
}

function codeOf(status: number, { code }: Answer): ErrorCode {
  if (status === 410 && code === "NODE_REMOVED") return "NODE_REMOVED";
  return status === 403 ? "JOIN_REFUSED" : "MANAGER_UNREACHABLE";
}
