/**
 * What goes wrong between the processes and their servers: connections that break before, in and behind a
 * request or its answer, answers that come too late for whoever waits, refusals, and connections that end
 * in a pool. Drawn anew for every request; nothing of it is repeated by a seed.
 */
import type { HttpFault } from "../../support/wire/http-fault-proxy.ts";
import type { MySqlFault } from "./mysql-server.ts";

export type Neighbour = "api" | "store" | "broker" | "intake" | "builder";

export interface Wire {
  httpFault(at: Neighbour): HttpFault | undefined;
  databaseFault(): MySqlFault | undefined;
  /** Counts what goes wrong elsewhere. */
  count(what: string): void;
  /** From now on nothing goes wrong any more. */
  end(): void;
  readonly taken: Readonly<Record<string, number>>;
}

export interface WireOptions {
  readonly random: () => number;
  /** Of a hundred requests, how many go wrong. */
  readonly rate: number;
  /** What a store is sent within a lease lands within another one: it is held back for less. */
  readonly leaseMs: number;
}

const JSON_TYPE = { "content-type": "application/json" };
const XML_TYPE = { "content-type": "application/xml" };
/** A client's patience at each place, and somewhat more. */
const LONGEST_MS: Readonly<Record<Exclude<Neighbour, "store">, number>> = {
  api: 6_500,
  broker: 11_000,
  intake: 11_000,
  builder: 5_000,
};

export function makeWire({ random, rate, leaseMs }: WireOptions): Wire {
  const taken: Record<string, number> = {};
  let over = false;
  const count = (what: string): void => void (taken[what] = (taken[what] ?? 0) + 1);
  const isStruck = (): boolean => !over && random() * 100 < rate;
  /** Mostly little, and rarely all of it. */
  const upTo = (most: number): number => Math.floor(most * random() ** 3);

  function refusal(at: Neighbour): HttpFault {
    const status = pick([500, 503, 429]);
    const later = { "retry-after": "1" };
    if (at === "api") {
      const body = JSON.stringify({ kind: "Status", apiVersion: "v1", code: status, reason: "" });
      return { kind: "answer", status, headers: { ...JSON_TYPE, ...later }, body };
    }
    if (at === "store") {
      const body = "<Error><Code>SlowDown</Code></Error>";
      return { kind: "answer", status: pick([500, 503]), headers: XML_TYPE, body };
    }
    return { kind: "answer", status, headers: later };
  }

  function pick<T>(some: readonly [T, ...T[]]): T {
    return some[Math.floor(random() * some.length)] ?? some[0];
  }

  return {
    taken,
    count,
    end: () => (over = true),
    httpFault(at) {
      if (!isStruck()) return undefined;
      const longest = at === "store" ? leaseMs * 0.9 : LONGEST_MS[at];
      const fault = pick<() => HttpFault>([
        () => ({ kind: "reset-before" }),
        () => ({ kind: "cut-request", afterBytes: upTo(4_000) }),
        () => ({ kind: "reset-after" }),
        () => ({ kind: "reset-after" }),
        () => ({ kind: "cut-answer", afterBytes: upTo(1_000) }),
        () => ({ kind: "delay", ms: upTo(longest) }),
        () => ({ kind: "delay-answer", ms: upTo(longest) }),
        () => refusal(at),
        () => refusal(at),
        () => ({ kind: "close-idle", ms: upTo(500) }),
      ])();
      count(`${at} ${fault.kind}`);
      return fault;
    },
    databaseFault() {
      if (!isStruck()) return undefined;
      const fault = pick<() => MySqlFault>([
        () => ({ kind: "error" }),
        () => ({ kind: "reset" }),
        () => ({ kind: "cut", afterBytes: upTo(50_000) }),
        () => ({ kind: "slow", ms: upTo(3_000) }),
        () => ({ kind: "idle", ms: upTo(500) }),
      ])();
      count(`database ${fault.kind}`);
      return fault;
    },
  };
}
