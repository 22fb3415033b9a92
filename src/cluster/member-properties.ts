/** Names of member properties that nodes themselves publish (beside the free ones of axis2.xml). */
export const MEMBER_PROPERTIES = {
  /** The manager's own deployment repository, as a path or URL that git can fetch from. */
  deploymentRepository: "deploymentRepository",
  /** The member's process id, for `bascule status` on the same machine. */
  processId: "processId",
  /** The host name of the machine that the process id belongs to. */
  machine: "machine",
  /** SHA-256 of the certificate of the member's management port, base64url: manager and workers know one another by it. */
  managementCertificate: "managementCertificate",
  /** Of a manager: names of workers, with commas, that do not run the live revision yet and must not get new requests. */
  lateWorkers: "lateWorkers",
  /** Of a manager: the key that signs its revisions, the 32 bytes of ed25519 as base64; registered nodes have it from the cluster's trust. */
  signingKey: "signingKey",
  /** What starts the node again when it ends to be restarted, for people; absent: nothing does. */
  supervisor: "supervisor",
} as const;

/** Topic of the message that asks all nodes to look at the deployment repository (WSO2's name). */
export const SYNCHRONIZE_TOPIC = "SynchronizeRepositoryRequest";

/** Topic of the message that asks registered nodes to ask the manager for secrets, members and withdrawn certificates. */
export const TRUST_TOPIC = "TrustMaterialChanged";
