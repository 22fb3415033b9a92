/**
 * Which peers of an upstream are in rotation: as soon as one of them runs the live revision, those that are behind get no
 * request, bound sessions included (they move, as from a server that is down, and stay where they went). While nobody
 * is on live, or nobody else could take new sessions, all serve as before; and where all members drain they go on taking
 * new sessions: an upstream never loses its last server to these rules.
 */
import type { PeerConfig } from "./upstream-config.ts";

/** The peers with those out of rotation as `down`: they keep their place for balancing by hash, and their health. */
export function inRotation(all: readonly PeerConfig[]): readonly PeerConfig[] {
  const peers = all.map(withoutLeaving);
  const rotated = peers.some(isServedLive) ? peers.map(withoutBehind) : peers;
  if (rotated.some(takesNew)) return rotated;
  return peers.some(takesNew) ? peers : peers.map(withoutDraining);
}

/** Whether none of the peers, as `inRotation` made them, lets a request reach another revision than the live one. */
export function isOnLive(peers: readonly PeerConfig[]): boolean {
  return !peers.some(({ down, member }) => {
    const serves = member?.state === "active" || member?.state === "draining";
    return !down && serves && member.standing !== undefined && member.standing !== "live";
  });
}

/** Answers with the live revision. */
function isServedLive({ member, down }: PeerConfig): boolean {
  const serves = member?.state === "active" || member?.state === "draining";
  return serves && member.standing === "live" && !down;
}

/** A member that says so closes its ports within a moment: its sessions must go now. */
function withoutLeaving(peer: PeerConfig): PeerConfig {
  return peer.member?.state === "leaving" ? { ...peer, down: true } : peer;
}

function withoutBehind(peer: PeerConfig): PeerConfig {
  return peer.member?.standing === "behind" ? { ...peer, down: true } : peer;
}

function takesNew({ member, down, drain }: PeerConfig): boolean {
  return !down && !drain && (member === undefined || member.state === "active");
}

function withoutDraining(peer: PeerConfig): PeerConfig {
  const { member } = peer;
  return member?.drainsAsMember === true && member.state === "draining"
    ? { ...peer, drain: false }
    : peer;
}
