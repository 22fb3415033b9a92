/**
 * The properties by which copies of a message know each other (Synapse's EIPConstants): set by iterate, clone and recipient
 * lists, read by aggregate.
 */

/** The message from which the copies were made; with ".id" behind it for a split with an id. */
export const CORRELATION_PROPERTY = "aggregateCorelation";

/** "0/3": which copy of how many. */
export const SEQUENCE_PROPERTY = "messageSequence";
