/** What stands in a record as its last error and decides what becomes of it; other words are for people. */

export const DEADLINE_EXCEEDED = "deadline_exceeded";
/** Nothing was heard of the builder until its lease was over. */
export const LEASE_EXPIRED = "lease_expired";
/** The builder lived, and could not renew its lease in time. */
export const LEASE_LATE = "lease_late";
/** A new customer may not have got to a replica yet: only the last attempt takes that for the truth. */
export const UNKNOWN_ON_REPLICA = "unknown_on_replica";
