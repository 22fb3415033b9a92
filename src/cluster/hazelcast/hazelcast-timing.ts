/**
 * The tuning numbers of the Hazelcast provider, each with its reason and its price. They were measured against real
 * members: what a death costs follows from SILENCE_MS, what a sick store costs from STORE_SICK_MS.
 */

/**
 * Each node writes its record so often. Shorter: quicker news of a death, more writes; below a second the lead of
 * SILENCE_MS over what a failover of the store takes (about 0.8 s) would be too small.
 */
export const HEARTBEAT_MS = 1000;

/**
 * A node of which nothing new came for so long is asked for once more in the store and then reported silent. Three and a
 * half heartbeats. Shorter: false alarms when a Hazelcast member dies; longer: deaths are noticed later.
 */
export const SILENCE_MS = 3500;

/** How often silence is looked for. Adds to the time in which a death is noticed. */
export const LOOK_MS = 250;

/** All entries are read so often: it catches events that were missed and notices a store that stands still. */
export const RECONCILE_MS = 2000;

/** Ids of messages that were missed are looked for so often. */
export const MESSAGES_RECONCILE_MS = 10_000;

/** Life of a member's entry. Only removes what nobody refreshes any more: the verdict is SILENCE_MS. */
export const MEMBER_TTL_MS = 10_000;

/** A write or read that is not answered for so long means that the store is sick, and verdicts are frozen. */
export const STORE_SICK_MS = 2000;

/** A store that is sick for so long is spoken of; shorter pauses (the failover of a member) are no news. */
export const TROUBLE_MS = 2000;

/** The last look at a silent member before the verdict is waited for so long. */
export const CONFIRM_MS = 1000;

/** A look that comes so late means that this process stood still: the silence of the others was its own. */
export const STALL_MS = 750;

/** A start waits so long for the cluster before it goes on without; with a Hazelcast member to start, longer. */
export const START_MS_MAX = 5000;
export const START_WITH_MEMBER_MS_MAX = 20_000;

/** An orderly stop waits so long for its farewell. */
export const FAREWELL_MS_MAX = 1000;

/** Members at most; further ones are not taken up. */
export const MEMBERS_MAX = 1000;

/** Own messages kept for a store that has lost them; beyond it the oldest is given up. */
export const KEPT_MESSAGES_MAX = 5000;

/** What the store did not take is tried again so often. */
export const RETRY_MS = 1000;

/** Lease of a lock. Its real end may be a second early (Hazelcast groups lease ends into whole seconds). */
export const LEASE_MS = 5000;

/** A lock is renewed, or tried again, so often. Never below a second: a lock that is renewed faster may end early. */
export const RENEW_MS = 1500;

/** A holder steps down when its last successful renewal began so long ago: LEASE_MS - 1 s - a margin of 1 s. */
export const LEASE_TRUST_MS = 3000;

/** Changes of a map are collected for so long before they are written. */
export const DELTA_MS = 10;

/**
 * An entry that is asked for and not in the store may be on its way there: it is waited for so long, within the bound of the
 * question. Shorter: a client that is quicker than the store is not found; longer: unknown sessions wait.
 */
export const ARRIVAL_MS = 4 * DELTA_MS;

/** Entries of a map that are written at once. */
export const DELTA_ENTRIES_MAX = 128;

/** Touches are passed on after so long at most, or after a quarter of the idle time where that is shorter. */
export const TOUCH_MS_MAX = 10_000;

/** A deleted entry is remembered for so long, so that an older write that arrives later does not bring it back. */
export const TOMBSTONE_MS = 60_000;

/** An entry lives in the store for so long beyond its idle time; each node ends it by its own clock. */
export const ENTRY_GRACE_MS = 5000;

/** Hazelcast maps that one replicated map is spread over, so that a snapshot comes in pieces. */
export const MAP_PARTS = 16;

/** One piece of a snapshot is waited for so long. */
export const SNAPSHOT_MS_MAX = 10_000;

/** A Hazelcast member that ended is started again after so long; doubles up to the maximum, starts anew after a minute of life. */
export const MEMBER_BACKOFF_MS = 1000;
export const MEMBER_BACKOFF_MS_MAX = 60_000;
export const MEMBER_STEADY_MS = 60_000;

/** A Hazelcast member gets so long to stop before it is killed. */
export const MEMBER_STOP_MS_MAX = 8000;

/** Ports that are tried upwards from the configured one (WSO2's auto-increment). */
export const PORT_TRIES_MAX = 100;

/** The same complaint is logged at most so often. */
export const COMPLAINT_MS = 60_000;
