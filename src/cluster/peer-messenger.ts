/**
 * The port between membership providers and what is built on members: reliable, ordered, encrypted bytes between two
 * live members. The embedded provider makes it from TCP streams; maps and leases are its users.
 */
import type { Member } from "./cluster.ts";

/** Largest body of one message, in bytes. */
export const PEER_MESSAGE_BYTES_MAX = 1024 * 1024;

export interface PeerMessenger {
  /**
   * Resolves when the body was handed to the connection and there is room for more, so that who awaits cannot run ahead
   * of the receiver. Messages of one channel to one member arrive in order; after a rejection some may be missing.
   * @throws AppError (as a rejection) when the member is unknown or unreachable, or the queue to it is full.
   */
  send(memberId: string, channel: string, body: Buffer): Promise<void>;
  /**
   * Registers the handler of a channel (one for each); returns the function that removes it. The body is the
   * handler's to keep. Messages of channels without a handler are dropped.
   */
  on(channel: string, handler: (from: Member, body: Buffer) => void): () => void;
}
