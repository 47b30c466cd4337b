/**
 * The database and what a statement is made of it, in a few marked bytes: each row names its customer,
 * so that a row in another's statement is seen. They take the place of SQL and zip, which run in
 * threads whose order nobody can repeat, and which are tried elsewhere with real rows.
 */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { RetryableError, StatementFailure } from "../../functions/domain/failure.ts";
import { UNKNOWN_ON_REPLICA } from "../../functions/domain/last-error.ts";
import type { StatementSnapshot } from "../../functions/statement-builder/source/statement-snapshot.ts";
import type { Transactions } from "../../functions/statement-builder/source/transactions.ts";
import type { Contents } from "../../functions/statement-builder/reach-object.ts";
import type { CallPort } from "./calls.ts";
import { draw, keyOf } from "./chance.ts";
import type { Faults } from "./faults.ts";
import { sleep } from "./simulated-clock.ts";
import type { VirtualTime } from "./virtual-time.ts";

const CUSTOMER_KINDS = ["plain", "parted", "slow", "long", "endless", "large", "unknown"] as const;
export type CustomerKind = (typeof CUSTOMER_KINDS)[number];

/** More rows than the service takes. */
export const LARGE_ROWS = 1_000;
/** A body in parts has more bytes than this. */
export const PART_BYTES = 512;

const BATCHES: Readonly<Record<CustomerKind, number>> = {
  plain: 1,
  parted: 3,
  slow: 8,
  long: 29,
  endless: 200,
  large: 4,
  unknown: 0,
};

/** A batch of rows is the marks in it. */
interface MarkedSnapshot extends Pick<StatementSnapshot, "asOf" | "rows"> {
  readonly marks: () => AsyncIterable<string>;
}

export interface BankOptions {
  readonly seed: number;
  readonly time: VirtualTime;
  readonly faults: Faults;
  readonly call: CallPort;
}

export function makeBank({ seed, time, faults, call }: BankOptions): Transactions {
  let asked = 0;
  async function ask<T>(
    what: string,
    effect: () => T,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const unavailable = (): Error => new RetryableError("database_unavailable", "no connection");
    const number = asked++;
    return await call({
      what,
      effect,
      refused: () => {
        throw draw(seed, 40, number) < 0.8
          ? unavailable()
          : new RetryableError("database_refused", "access denied");
      },
      unanswered: unavailable,
      aborted: (reason) => reason as Error,
      signal,
      timeoutMs: 10_000,
      isRepeated: false,
      landsWithinMs: 10_000,
    });
  }

  const open: Transactions["open"] = async ({ customerId }, signal) => {
    const kind = kindOf(customerId);
    const rows = kind === "large" ? LARGE_ROWS : BATCHES[kind];
    const number = asked++;
    const asOf = await ask(
      `open snapshot ${customerId}`,
      () => {
        // A replica may not have this customer yet.
        if (faults.happens("replica lags", 40, number))
          throw new RetryableError(UNKNOWN_ON_REPLICA, "no such customer here");
        if (kind === "unknown") throw new StatementFailure("unknown_customer", "no such customer");
        if (faults.happens("wrong rows", 30, number))
          throw new StatementFailure("balance_mismatch", "the balances do not add up");
        return 1_793_000_000_000 + Math.floor(time.now);
      },
      signal,
    );
    let received = 0;
    async function* marks(): AsyncGenerator<string> {
      for (let batch = 0; batch < BATCHES[kind]; batch++) {
        // Eight of them take longer than a lease, and twenty-nine about as long as a build may.
        if (kind === "slow" || kind === "long" || kind === "endless") await sleep(3_000, signal);
        yield await ask("rows", () => markOf(customerId, batch), signal);
        received++;
      }
    }
    const snapshot: MarkedSnapshot = { asOf, rows, marks };
    return {
      ...snapshot,
      balances: [],
      received: () => received,
      [Symbol.asyncDispose]: async () => await Promise.resolve(),
    } as unknown as StatementSnapshot;
  };
  // The builder's story asks for nothing else.
  return { open } as Transactions;
}

export function customerOf(kind: CustomerKind, number: number): string {
  return `${kind}-${number}`;
}

export function kindOf(customerId: string): CustomerKind {
  const kind = CUSTOMER_KINDS.find((one) => customerId.startsWith(`${one}-`));
  return kind ?? "plain";
}

function markOf(customerId: string, row: number): string {
  const mark = `row ${row} of ${customerId}`;
  return kindOf(customerId) === "parted" ? mark.padEnd(400, ".") : mark;
}

interface MarkedStatement {
  readonly request_id: string;
  readonly customer_id: string;
  readonly attempt: number;
  readonly rows: number;
  readonly as_of: string;
}

export const CONTENTS: Contents = {
  write(facts, snapshot, { signal, onRows }) {
    const { asOf, rows, marks } = snapshot as unknown as MarkedSnapshot;
    const manifest: MarkedStatement = {
      request_id: facts.requestId,
      customer_id: facts.customerId,
      attempt: facts.attempt,
      rows,
      as_of: new Date(asOf).toISOString(),
    };
    async function* bytes(): AsyncGenerator<Buffer> {
      await onRows?.();
      for await (const mark of marks()) yield Buffer.from(`${mark}\n`);
      signal.throwIfAborted();
      yield Buffer.from(JSON.stringify(manifest));
    }
    return Readable.from(bytes(), { objectMode: false });
  },
  async verify(source) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of source) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const read = readMarked(bytes);
    const found = { bytes: bytes.byteLength, sha256 };
    const verified = read
      ? { ok: true, manifest: read.manifest, authentic: false, signature: "absent", ...found }
      : { ok: false, problems: ["it is cut"], details: [], ...found };
    return verified as unknown as Awaited<ReturnType<Contents["verify"]>>;
  },
};

export function readMarked(
  bytes: Buffer,
): { readonly manifest: MarkedStatement; readonly marks: readonly string[] } | undefined {
  const lines = bytes.toString().split("\n");
  const last = lines.pop() ?? "";
  if (!last.endsWith("}")) return undefined;
  return { manifest: JSON.parse(last) as MarkedStatement, marks: lines };
}

/** Whether every mark is of this customer, and all are there. */
export function isWholeOf(customerId: string, marks: readonly string[]): boolean {
  const kind = kindOf(customerId);
  return (
    marks.length === BATCHES[kind] && marks.every((mark, row) => mark === markOf(customerId, row))
  );
}

/** Different for customers whose requests go different ways. */
export function kindAt(seed: number, number: number): CustomerKind {
  const drawn = draw(seed, keyOf("kind"), number);
  if (drawn < 0.5) return "plain";
  if (drawn < 0.72) return "parted";
  if (drawn < 0.86) return "slow";
  if (drawn < 0.87) return "endless";
  if (drawn < 0.885) return "long";
  return drawn < 0.96 ? "large" : "unknown";
}
