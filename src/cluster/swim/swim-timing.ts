/**
 * The tuning numbers of the embedded provider, each with its formula and its price. The first group bears happn's names and
 * can be set in axis2.xml; the defaults are quicker than happn's. What users see follows from them:
 * a crash is known to all after about pingInterval + pingTimeout + pingReqTimeout + SUSPICION_MS.
 */

/** What a configuration may set. */
export interface SwimTiming {
  /** One member is pinged so often. Datagrams a second and node: about 2000 / pingIntervalMs, however large the cluster is. */
  readonly pingIntervalMs: number;
  /** A ping must be answered within it, else others are asked. Smaller than a round trip: everyone is always asked. */
  readonly pingTimeoutMs: number;
  /** Those others must have an answer within it, else the member is suspected. */
  readonly pingReqTimeoutMs: number;
  /** How many others are asked. 0: none, a member is suspected as soon as it does not answer itself. */
  readonly pingReqGroupSize: number;
  /**
   * News goes out disseminationFactor * log10(members + 1) times from each member that has it. Larger: surer and more
   * datagrams; what gets lost all the same is found by the state exchange.
   */
  readonly disseminationFactor: number;
  /** News is packed into datagrams up to this size, 256 to 1400. Smaller: more datagrams. */
  readonly maxDgramBytes: number;
  /** How long a start waits for the well-known members before it goes on alone. It goes on looking for them for ever. */
  readonly joinTimeoutMs: number;
}

/** happn's: 1000, 200, 600, 3, 15, 512, 2000. */
export const DEFAULT_TIMING: SwimTiming = {
  pingIntervalMs: 200,
  pingTimeoutMs: 150,
  pingReqTimeoutMs: 250,
  pingReqGroupSize: 3,
  disseminationFactor: 5,
  maxDgramBytes: 1400,
  joinTimeoutMs: 500,
};

/** Everything that waits is looked at so often. Smaller: more exact and more wake-ups. */
export const TICK_MS = 50;

/**
 * A tick that comes so late means that this node stood still itself: the silence of the others in that time was its own.
 * Probes begin anew and suspicions last GRACE_MS more, GRACES_MAX times each. Smaller: a busy machine forgives all the time.
 */
export const STALL_MS = 200;
export const GRACE_MS = 400;
export const GRACES_MAX = 3;

/**
 * How long a suspected member has to refute at least, once as many others as asked for confirm the suspicion (Lifeguard,
 * section IV-B); times log10(members) above ten members, since news travels longer. Together with pingTimeout and pingReqTimeout it is
 * the longest standstill of a node that others overlook.
 */
export const SUSPICION_MS = 850;

/** The same while nobody confirms: a single accuser is more likely to be cut off itself. */
export const SUSPICION_UNCONFIRMED_FACTOR = 1.5;

/** Confirmations after which the suspicion is as short as it gets. */
export const CONFIRMATIONS = 3;

/** A suspected member is told so often that it is, by each of SUSPECT_ASKERS members on average, so that it can refute. */
export const SUSPECT_PING_MS = 150;
export const SUSPECT_ASKERS = 8;

/** A node that is still joining loads its program and may not answer for a while; nobody depends on it yet. */
export const JOINING_PATIENCE_MS = 200;

/** Local health counts from 0 to this (Lifeguard's S); intervals and time-outs of an ailing node are up to 1 + so many times as long. */
export const HEALTH_MAX = 3;

/** News goes to so many members at each tick while there is any. */
export const GOSSIP_FANOUT = 3;

/** In clusters up to this size news that this node makes itself goes to all at once. */
export const EAGER_MEMBERS_MAX = 16;

/** State is exchanged with a random member so often, to repair what gossip did not bring. */
export const EXCHANGE_MS = 10_000;

/** Two members that disagree for so long, without news on its way or with more than so much, exchange their state ... */
export const DISAGREEMENT_MS = 300;
export const BACKLOG_NEWS = 20;
/** ... and one node does so at most so often. */
export const EXCHANGE_MS_MIN = 500;

/** Addresses that do not answer (well-known, or of members that fell silent) are greeted so often ... */
export const CONTACT_MS = 500;
/** ... in turn, so many at a time at most. It bounds how long a healed partition stays unnoticed. */
export const CONTACTS_AT_ONCE = 20;

/** The address of a member that fell silent is greeted so long: heals partitions between members that are not well-known. */
export const LOST_CONTACT_MS = 10 * 60_000;

/** Addresses that are greeted without being members, at most: WELL_KNOWN_MEMBERS_MAX of axis2.xml and as many more. */
export const CONTACTS_MAX = 2048;

/** Members at most; further ones are refused and reported. Each costs about 2 KB. */
export const MEMBERS_MAX = 1000;

/** What is remembered of members that are gone, so that late news does not bring them back; the oldest is forgotten first. */
export const GONE_MAX = 1000;

/** A node that has well-known members and hears of nobody says so after this time, once. */
export const ALONE_MS = 10_000;

/** How long a start waits on after the last newcomer, so that those it introduced are there as well. */
export const GREETING_CALM_MS = 100;

/** First repetition of a message that was not acknowledged; each further one waits twice as long. */
export const RESEND_MS = 200;

/** The longest wait between two repetitions of one message. */
export const RESEND_MS_MAX = 1000;

/** Messages on their way to one member at a time; the rest waits. Bounds the burst that a joiner gets. */
export const IN_FLIGHT_MAX = 32;

/** Own messages kept for repetition and for joiners (WSO2's bound); beyond it the oldest is given up. */
export const KEPT_MESSAGES_MAX = 5000;

/** Ids of received messages that are remembered to drop duplicates; 36 bytes each and some. */
export const SEEN_IDS_MAX = 50_000;

/** An orderly stop repeats its farewell so often, to at most so many members; the others hear of it from those. */
export const FAREWELL_MS = 50;
export const FAREWELL_MEMBERS_MAX = 32;

/** It waits at most so long for all acknowledgements, first of messages, then of the farewell. */
export const FAREWELL_MS_MAX = 500;

/** The same complaint is logged at most so often. */
export const COMPLAINT_MS = 60_000;

/** Ports that are tried upwards from the configured one (WSO2's auto-increment). */
export const PORT_TRIES_MAX = 100;
