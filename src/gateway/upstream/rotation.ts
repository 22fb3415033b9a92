/**
 * Which peers of an upstream are in rotation: as soon as one of them runs the live revision, those that are behind get no
 * request, bound sessions included (they move, as from a server that is down, and stay where they went). While nobody
 * is on live, or nobody else could take new sessions, all serve as before; where all members drain they go on taking
 * new sessions, and where all leave they are used while they run: an upstream never loses its last server to these rules.
 */
import type { PeerConfig } from "./upstream-config.ts";

/** States of a member that answers; one that leaves does so for a moment. */
const SERVING: ReadonlySet<string> = new Set(["active", "draining", "leaving"]);

/** Whether a member in that state answers requests. */
export function isServing(state: string): boolean {
  return SERVING.has(state);
}

/** The peers with those out of rotation as `down`: they keep their place for balancing by hash, and their health. */
export function inRotation(all: readonly PeerConfig[]): readonly PeerConfig[] {
  const there = all.map(withoutJoining);
  const peers = there.map(withoutLeaving);
  const rotated = peers.some(isServedLive) ? peers.map(withoutBehind) : peers;
  if (rotated.some(takesNew)) return rotated;
  if (peers.some(takesNew)) return peers;
  // The one that comes may be heard of after the one that leaves, which still answers.
  if (peers.some(isUp)) return peers.map(withoutDraining);
  return there.some(isUp) ? there : all;
}

/** Whether none of the peers, as `inRotation` made them, lets a request reach another revision than the live one. */
export function isOnLive(peers: readonly PeerConfig[]): boolean {
  return !peers.some(({ down, member }) => {
    const serves = member !== undefined && isServing(member.state);
    return !down && serves && member.standing !== undefined && member.standing !== "live";
  });
}

/** Answers with the live revision. */
function isServedLive({ member, down }: PeerConfig): boolean {
  const serves = member?.state === "active" || member?.state === "draining";
  return serves && member.standing === "live" && !down;
}

/** A member that is not in service yet has not opened its ports. */
function withoutJoining(peer: PeerConfig): PeerConfig {
  return peer.member?.state === "joining" ? { ...peer, down: true } : peer;
}

/** A member that says so closes its ports within a moment: its sessions must go now, where there is somebody to go to. */
function withoutLeaving(peer: PeerConfig): PeerConfig {
  return peer.member?.state === "leaving" ? { ...peer, down: true } : peer;
}

function withoutBehind(peer: PeerConfig): PeerConfig {
  return peer.member?.standing === "behind" ? { ...peer, down: true } : peer;
}

function isUp({ down }: PeerConfig): boolean {
  return !down;
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
