/**
 * The trust folder of a registered home, `conf/trust` (0700, files 0600): the node's internal certificate and key in one
 * file, so that both change at once, its token, and what the manager told last. `register-node` and `init-cluster`
 * write it first, the running node keeps it current, and it is all that a start needs while the manager is down.
 */
import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AppError, messageOf } from "../../errors/app-error.ts";
import { fingerprintOf } from "../tls/certificate-fingerprint.ts";
import type { ServerIdentity } from "../tls/tls-files.ts";
import { replaceSecretFile } from "./secret-file.ts";
import { readTrustMaterial, type TrustMaterial } from "./trust-material.ts";

/** Who the node is for the manager. */
export interface NodeRegistration {
  readonly name: string;
  readonly role: "gateway" | "manager" | "worker";
  /** Given by the manager; a node that is registered again under its name gets another one. */
  readonly id: string;
  /** Shown to the manager with each request. Never logged. */
  readonly token: string;
  /** Where the manager was reached; membership may tell a newer place. */
  readonly manager: { readonly host: string; readonly port: number };
}

/** Relative to the home. */
const FOLDER = join("conf", "trust");
/** One secret a line, the first seals; axis2.xml and gateway.conf name this file. */
export const SECRETS_FILE = join("conf", "cluster-password");

export class TrustHome {
  readonly home: string;

  /** @param home absolute. */
  constructor(home: string) {
    this.home = home;
  }

  get folder(): string {
    return join(this.home, FOLDER);
  }

  get secretsFile(): string {
    return join(this.home, SECRETS_FILE);
  }

  /** For git and ssh-keygen, beside what is in the material. */
  get allowedSignersFile(): string {
    return join(this.folder, "allowed_signers");
  }

  /** Whether the home was registered, completely: the registration is written last. */
  get isRegistered(): boolean {
    return existsSync(this.#file("registration.json"));
  }

  /** @throws AppError CLUSTER_TRUST. */
  registration(): NodeRegistration {
    return this.#read("registration.json", readRegistration);
  }

  /** @throws AppError CLUSTER_TRUST. */
  material(): TrustMaterial {
    return this.#read("material.json", (text, file) => readTrustMaterial(JSON.parse(text), file));
  }

  /** Certificate with its authority, and key. @throws AppError CLUSTER_TRUST. */
  identity(): ServerIdentity {
    return this.#read("node.pem", splitPem);
  }

  /** Of the node's own certificate, PEM. @throws AppError CLUSTER_TRUST. */
  privateKey(): string {
    return this.#read("node.pem", splitPem).key;
  }

  /** The node's own certificate. @throws AppError CLUSTER_TRUST. */
  certificate(): X509Certificate {
    return this.#read("node.pem", (text) => new X509Certificate(text));
  }

  writeIdentity(certificate: string, authority: string, key: string): void {
    replaceSecretFile(this.#file("node.pem"), key + certificate + authority);
  }

  /** The secrets too, into the file that the configuration names. */
  writeMaterial(material: TrustMaterial): void {
    replaceSecretFile(this.secretsFile, `${material.secrets.join("\n")}\n`);
    replaceSecretFile(this.allowedSignersFile, material.allowedSigners);
    replaceSecretFile(this.#file("material.json"), `${JSON.stringify(material, null, 2)}\n`);
  }

  /** Makes the home a registered one; to be called last. */
  writeRegistration(registration: NodeRegistration): void {
    const text = `${JSON.stringify(registration, null, 2)}\n`;
    replaceSecretFile(this.#file("registration.json"), text);
  }

  #file(name: string): string {
    return join(this.folder, name);
  }

  #read<Content>(name: string, parse: (text: string, file: string) => Content): Content {
    const file = this.#file(name);
    try {
      return parse(readFileSync(file, "utf8"), file);
    } catch (cause) {
      if (cause instanceof AppError) throw cause;
      const advice = "register the home again: remove conf/trust and run `bascule register-node`";
      const message = `the file ${file} cannot be used (${messageOf(cause)}); ${advice}`;
      throw new AppError("CLUSTER_TRUST", message, { side: "config", cause });
    }
  }
}

/** PEM → what a join token and a node compare the authority by. */
export function authorityFingerprint(authority: string): string {
  return fingerprintOf(new X509Certificate(authority));
}

function splitPem(text: string): { readonly cert: string; readonly key: string } {
  const blocks = text.match(/-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----\n/g) ?? [];
  const key = blocks.filter((block) => block.includes("PRIVATE KEY")).join("");
  const cert = blocks.filter((block) => block.includes("BEGIN CERTIFICATE")).join("");
  if (key === "" || cert === "") throw new Error("it holds no certificate and key");
  return { cert, key };
}

function readRegistration(text: string): NodeRegistration {
  const value: unknown = JSON.parse(text);
  if (!isRegistration(value)) throw new Error("it is no registration");
  return value;
}

function isRegistration(value: unknown): value is NodeRegistration {
  if (typeof value !== "object" || value === null) return false;
  const { name, role, id, token, manager } = value as Partial<Record<string, unknown>>;
  if (typeof manager !== "object" || manager === null) return false;
  const { host, port } = manager as Partial<Record<string, unknown>>;
  const isRole = role === "gateway" || role === "manager" || role === "worker";
  const isPlace = typeof host === "string" && Number.isInteger(port);
  return isRole && isPlace && [name, id, token].every((text) => typeof text === "string");
}
