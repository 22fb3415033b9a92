/**
 * The tuning numbers of the embedded provider, each with its formula and its price.
 * What users see follows from them: a start or an orderly stop is seen by all within a few round trips,
 * a killed node after SILENCE_MS + HEARTBEAT_MS at the latest, a healed partition after CONTACT_MS.
 */

/**
 * Every member sends its record to every other one so often. Datagrams a second in the whole cluster:
 * n * (n - 1) * 1000 / HEARTBEAT_MS, 360 for ten members. Smaller: quicker news, more datagrams.
 */
export const HEARTBEAT_MS = 250;

/**
 * A member that was not heard for so long is reported left. 1500 is six heartbeats: five may be lost in a
 * row. Larger: killed nodes are noticed later; smaller: a node that stalls (a long collection of
 * garbage, a busy machine) is taken for dead and joins again a moment later.
 */
export const SILENCE_MS = 1500;

/**
 * The same for members that are still joining: loading the program keeps them from sending for a while on a busy
 * machine, and nobody depends on them yet. Together with HEARTBEAT_MS it must stay well below the promised 3 s.
 */
export const SILENCE_JOINING_MS = 2000;

/**
 * A heartbeat of this node that comes so late means that it stood still itself, and that the silence of the others in
 * that time was its own. Larger than SILENCE_MS - HEARTBEAT_MS: it would blame others for a stall; much smaller: on a busy
 * machine it would forgive all the time and notice killed nodes late.
 */
export const STALL_MS = 750;

/**
 * A member that was not heard for so long is asked with each heartbeat, and answers at once: on a network that loses
 * datagrams it has as many chances more to be heard before SILENCE_MS. Smaller: more questions; 0 doubles the traffic.
 */
export const PROBE_MS = 750;

/**
 * Addresses that do not answer (well-known, introduced, lost) are greeted so often, well-known ones for
 * ever. It bounds how long a healed partition stays unnoticed; the price is one datagram each.
 */
export const CONTACT_MS = 500;

/** An address heard of from others is greeted so long before it is forgotten. */
export const INTRODUCED_CONTACT_MS = 5000;

/** The address of a member that fell silent is greeted so long: heals partitions between members that are not well-known. */
export const LOST_CONTACT_MS = 10 * 60_000;

/** Addresses that are greeted without being members, at most; beyond it new ones are not taken up. */
export const CONTACTS_MAX = 256;

/** Members at most; further ones are refused and reported. The full mesh costs n² datagrams, see HEARTBEAT_MS. */
export const MEMBERS_MAX = 100;

/** How long a start waits for answers of the well-known members before it goes on alone. */
export const GREETING_MS = 500;

/** A node that has well-known members and hears of nobody says so after this time, once. */
export const ALONE_MS = 10_000;

/** How long a start waits on after the last newcomer, so that those it introduced are there as well. */
export const GREETING_CALM_MS = 100;

/** The list of members goes to one member at most so often while the two disagree. */
export const ROSTER_MS = 250;

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

/** An orderly stop repeats its farewell so often ... */
export const FAREWELL_MS = 50;

/** ... and waits at most so long for all acknowledgements, first of messages, then of the farewell. */
export const FAREWELL_MS_MAX = 500;

/** The same complaint is logged at most so often. */
export const COMPLAINT_MS = 60_000;

/** Ports that are tried upwards from the configured one (WSO2's auto-increment). */
export const PORT_TRIES_MAX = 100;
