/**
 * The datagrams of the embedded provider. All but `hello` name the member that they are for, which makes records of an
 * earlier run useless to whoever replays them: ids are new at each start. Claims are taken only from those that name this node.
 */
import type { ClusterMessage } from "../cluster.ts";
import type { Address } from "../member-address.ts";
import type { Claim } from "./claim.ts";

/** What pings and answers carry beside their purpose. */
export interface Piggyback {
  /** The incarnation under which the sender holds the receiver for alive; -1: it does not. */
  readonly holds: number;
  /** Digest of the members that the sender sees; equal views have equal digests. */
  readonly view: number;
  /** For how long the sender has run, at least, in milliseconds; 0 says nothing. */
  readonly ageMs: number;
  readonly claims: readonly Claim[];
}

export type Packet =
  /** To an address whose member is not known: asks for a `ping` back. */
  | { readonly kind: "hello"; readonly port: number; readonly host: string }
  | ({ readonly kind: "ping"; readonly to: string; readonly seq: number } & Piggyback)
  | ({ readonly kind: "ack"; readonly to: string; readonly seq: number } & Piggyback)
  /** Asks the receiver to ping `target` and to pass the answer on. */
  | {
      readonly kind: "ping-req";
      readonly to: string;
      readonly seq: number;
      readonly target: string;
    }
  /** The receiver of a `ping-req` has no answer yet: it lives at least itself. */
  | { readonly kind: "nack"; readonly to: string; readonly seq: number }
  | { readonly kind: "gossip"; readonly to: string; readonly claims: readonly Claim[] }
  | { readonly kind: "message"; readonly to: string; readonly message: ClusterMessage }
  | { readonly kind: "message-ack"; readonly to: string; readonly messageId: string }
  | { readonly kind: "bye"; readonly to: string; readonly incarnation: number }
  | { readonly kind: "bye-ack"; readonly to: string };

/** What the protocol needs of the world. The real one seals; a simulation loses and delays. */
export interface SwimPort {
  /** Sends without waiting; may be lost. */
  send(packet: Packet, to: Address): void;
  /** Hands the own state to the member at an address and gets its state; rejects when it does not answer. */
  exchange(to: Address, own: readonly Claim[]): Promise<readonly Claim[]>;
}
