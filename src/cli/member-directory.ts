/**
 * The gateway's view of the membership: members with their standing to the live revision, under the addresses at which this gateway reaches them. A member is
 * reached by its internal name (Axon Server's internal-hostname and internal-domain); a name is looked up when it appears
 * and now and then after that. While it has no address, the member's cluster address stands in.
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Member, Membership } from "../cluster/cluster.ts";
import { internalHostOf } from "../cluster/host-names.ts";
import { messageOf } from "../errors/app-error.ts";
import { LiveRevision } from "../gateway/upstream/live-revision.ts";
import type { DirectoryMember, ServerDirectory } from "../gateway/upstream/server-directory.ts";
import type { Log } from "../observability/log.ts";
import type { Clock, Timer } from "../runtime/clock.ts";
import type { Closable } from "../runtime/lifecycle.ts";

/** How often names are looked up again. */
const LOOKUP_INTERVAL_MS = 30_000;

export interface MemberDirectoryOptions {
  readonly membership: Pick<Membership, "members" | "on">;
  readonly clock: Clock;
  readonly log: Log;
  /** Called after each change, when all handlers were. Default: nobody is told. */
  readonly onSettled?: () => void;
  /** The address of a name; rejects when it has none. Default: the system's resolver. */
  readonly lookupHost?: (name: string) => Promise<string>;
}

export class MemberDirectory implements ServerDirectory, Closable {
  readonly #options: MemberDirectoryOptions;
  /** Undefined: the name had no address. */
  readonly #addresses = new Map<string, string | undefined>();
  readonly #handlers = new Set<() => void>();
  readonly #ends: (() => void)[];
  readonly #timer: Timer;
  readonly #revision: LiveRevision;

  constructor(options: MemberDirectoryOptions) {
    this.#options = options;
    const { membership, clock } = options;
    this.#revision = new LiveRevision(clock, () => this.#tell());
    this.#revision.look(membership.members());
    this.#ends = (["joined", "left", "updated"] as const).map((event) =>
      membership.on(event, () => this.#onMembers()),
    );
    this.#timer = clock.every(LOOKUP_INTERVAL_MS, () => void this.#lookUp(this.#names()));
    void this.#lookUp(this.#names());
  }

  members(): readonly DirectoryMember[] {
    return this.#options.membership.members().map((member) => this.#directoryMember(member));
  }

  /** The revision that new requests are to be answered by; undefined: no manager has told one. */
  get live(): string | undefined {
    return this.#revision.live;
  }

  onChange(handler: () => void): () => void {
    this.#handlers.add(handler);
    return () => void this.#handlers.delete(handler);
  }

  close(): Promise<void> {
    this.#timer.cancel();
    this.#revision.close();
    for (const end of this.#ends) end();
    this.#handlers.clear();
    return Promise.resolve();
  }

  #directoryMember(member: Member): DirectoryMember {
    const { id, subDomain, host, hostNames, ports, state, name: node } = member;
    const name = internalHostOf(hostNames);
    const aliases = [host, node, hostNames.hostname, hostNames.internalHostname];
    const standing = this.#revision.standingOf(member);
    const base = { id, subDomain, ports, state, node, aliases, standing };
    if (isIP(name) !== 0) return { ...base, host: name };
    return { ...base, host: this.#addresses.get(name) ?? host, name };
  }

  #onMembers(): void {
    this.#revision.look(this.#options.membership.members());
    const names = this.#names();
    for (const name of this.#addresses.keys()) if (!names.has(name)) this.#addresses.delete(name);
    this.#tell();
    void this.#lookUp(new Set([...names].filter((name) => !this.#addresses.has(name))));
  }

  #names(): ReadonlySet<string> {
    const names = this.#options.membership
      .members()
      .map(({ hostNames }) => internalHostOf(hostNames));
    return new Set(names.filter((name) => isIP(name) === 0));
  }

  async #lookUp(names: ReadonlySet<string>): Promise<void> {
    const changes = await Promise.all([...names].map((name) => this.#lookUpOne(name)));
    if (changes.includes(true)) this.#tell();
  }

  /** @returns whether the address is another one now. */
  async #lookUpOne(name: string): Promise<boolean> {
    const { lookupHost = lookupSystemHost, log } = this.#options;
    const before = this.#addresses.get(name);
    try {
      const address = await lookupHost(name);
      this.#addresses.set(name, address);
      return address !== before;
    } catch (error) {
      if (this.#addresses.has(name)) return false;
      this.#addresses.set(name, undefined);
      log.warn(
        `the internal name ${name} of a member has no address here (${messageOf(error)}): it is reached by its cluster address`,
      );
      return false;
    }
  }

  #tell(): void {
    for (const handler of this.#handlers) handler();
    this.#options.onSettled?.();
  }
}

async function lookupSystemHost(name: string): Promise<string> {
  const { address } = await lookup(name);
  return address;
}
