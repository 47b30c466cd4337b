/** How long the database takes for what is asked in front of the rows. */

/** `connect` is a place in the pool, with whatever had to be set there first. */
export type QueryName = "connect" | "snapshot" | "accounts" | "balances" | "count";

export type ObserveQuery = (query: QueryName, outcome: "ok" | "error", seconds: number) => void;

export type TimeQuery = <T>(query: QueryName, work: Promise<T>) => Promise<T>;

export function makeQueryTimer(onQuery: ObserveQuery = () => undefined): TimeQuery {
  return async (query, work) => {
    const startedAt = performance.now();
    let outcome: "ok" | "error" = "error";
    try {
      const result = await work;
      outcome = "ok";
      return result;
    } finally {
      onQuery(query, outcome, (performance.now() - startedAt) / 1000);
    }
  };
}
