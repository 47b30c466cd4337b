/** How long the database takes for each query in front of the rows. */
import { monotonic } from "../../platform/clock/clock.ts";

/**
 * Of what is asked in front of the rows; `connect` is a place in the pool, with what is set there. `accounts`
 * counts the booked rows too, `count` the pending ones.
 */
export type QueryName = "connect" | "snapshot" | "accounts" | "balances" | "count";

/** Told how long the database took, for each of these. */
export type ObserveQuery = (query: QueryName, outcome: "ok" | "error", seconds: number) => void;

export type TimeQuery = <T>(query: QueryName, work: Promise<T>) => Promise<T>;

export const UNTIMED: TimeQuery = (_, work) => work;

export function makeQueryTimer(onQuery: ObserveQuery = () => undefined): TimeQuery {
  return async (query, work) => {
    const startedAt = monotonic();
    let outcome: "ok" | "error" = "error";
    try {
      const result = await work;
      outcome = "ok";
      return result;
    } finally {
      onQuery(query, outcome, (monotonic() - startedAt) / 1000);
    }
  };
}
