/**
 * Holds what happens on the servers against the rules, in the order in which it happened. A zip takes time
 * to be verified: what came behind it waits.
 */
import type { StatementEvent } from "../../../functions/domain/events/statement-event.ts";
import {
  COMPONENTS,
  fromConfigMap,
  LABELS,
  type ConfigMap,
} from "../../../functions/platform/ledger/configmap-record.ts";
import { PROBE_NAME } from "../../../functions/statement-builder/store/create-only-probe.ts";
import { verifyStatement } from "../../../functions/verification/verify-statement.ts";
import { readZip } from "../../../functions/verification/zip/zip-reader.ts";
import type { Change } from "../../../infra/local/cluster/kubernetes-api/store.ts";
import type { StoredObject, Upload } from "../object-store.ts";
import { makeRules, type ReadObject, type Rules, type Terms } from "../rules.ts";
import { EPOCH } from "../simulated-process.ts";
import { isWholeOf } from "./deep-bank.ts";

export interface Observer {
  changed(change: Change): void;
  /** @param fetch gets the object as it is now */
  appeared(fetch: () => Promise<StoredObject>): void;
  told(event: Pick<StatementEvent, "type" | "subject">): void;
  promised(event: string, record: string): void;
  break(rule: string): void;
  /** When everything that has happened so far is looked at. */
  settled(): Promise<void>;
  isAtRest(): boolean;
  atRest(keys: readonly string[], uploads: ReadonlyMap<string, Upload>): void;
  readonly rules: Pick<Rules, "broken" | "states">;
}

const LOOKED_AT = new Set<string>([COMPONENTS.request, COMPONENTS.index, COMPONENTS.wish]);
/** They do not say which process wrote them; a renewal is taken for its holder's own. */
const UNSIGNED = "";

/** @param clockOf how far the clock of this process is ahead, in milliseconds */
export function makeObserver(terms: Terms, clockOf: (process: string) => number): Observer {
  const records = new Map<string, ConfigMap>();
  const objects = new Map<string, StoredObject>();
  const contents = new WeakMap<Buffer, ReadObject>();
  let at = 0;
  let done = Promise.resolve();
  const rules = makeRules(
    terms,
    () => at,
    (bytes) => contents.get(bytes),
  );

  /** @param look what it takes to know what to say */
  function happened(look: () => Promise<() => void>): void {
    const when = Date.now() - EPOCH;
    done = done.then(async () => {
      try {
        const say = await look();
        at = when;
        say();
      } catch (error) {
        rules.break(`it cannot be looked at: ${String(error)}`);
      }
    });
  }
  const saw = (say: () => void): void => happened(() => Promise.resolve(say));

  return {
    rules,
    break: (rule) => saw(() => rules.break(rule)),
    changed({ revision, before, after }) {
      const [from, to] = [before, after] as unknown as readonly (ConfigMap | undefined)[];
      const { labels = {}, name = "" } = (to ?? from)?.metadata ?? {};
      if (!LOOKED_AT.has(labels[LABELS.component] ?? "")) return;
      saw(() => {
        if (to) records.set(name, to);
        else records.delete(name);
        const change = { version: revision, at, name, before: from, after: to };
        rules.changed({ ...change, ...writerOf(to) });
      });
    },
    appeared(fetch) {
      happened(async () => {
        const object = await fetch();
        const read = object.key.endsWith(".zip") ? await readStatement(object.bytes) : undefined;
        if (read) contents.set(object.bytes, read);
        return () => {
          rules.appeared(object, objects.get(object.key));
          if (!object.key.endsWith(PROBE_NAME)) objects.set(object.key, object);
        };
      });
    },
    told: (event) => saw(() => rules.told(event as StatementEvent)),
    promised: (event, record) => saw(() => rules.promised(event, record)),
    settled: () => done,
    isAtRest: () => rules.isAtRest(),
    atRest(keys, uploads) {
      for (const key of keys) if (!objects.has(key)) rules.break(`${key} has appeared unseen`);
      for (const key of objects.keys()) if (!keys.includes(key)) rules.break(`${key} is gone`);
      rules.atRest(records, { objects, uploads });
    },
  };

  /** Of a claim and a renewal its holder is known, and when it was made by the holder's own clock. */
  function writerOf(after: ConfigMap | undefined): { by: string; sentAt: number } {
    const isRecord = after?.metadata?.labels?.[LABELS.component] === COMPONENTS.request;
    const request = isRecord ? fromConfigMap(after) : undefined;
    if (request?.status !== "processing") return { by: UNSIGNED, sentAt: at };
    const by = request.holder.split("/")[0] ?? "";
    return { by, sentAt: request.leaseExpiresAt - terms.leaseMs - clockOf(by) - EPOCH };
  }
}

async function* whole(bytes: Buffer): AsyncGenerator<Buffer> {
  yield await Promise.resolve(bytes);
}

/** undefined for what is no right statement from its own bytes */
async function readStatement(bytes: Buffer): Promise<ReadObject | undefined> {
  const checked = await verifyStatement(whole(bytes));
  if (!checked.ok) return undefined;
  const table: Buffer[] = [];
  const open = (name: string) => ({
    write: (chunk: Uint8Array): void => {
      if (name === "transactions.csv") table.push(Buffer.from(chunk));
    },
    end: () => undefined,
  });
  await readZip(whole(bytes), open, () => undefined);
  const transactions = Buffer.concat(table).toString();
  const { request_id: requestId, customer_id } = checked.manifest;
  return {
    requestId,
    isWholeOf: (customer) => customer === customer_id && isWholeOf(customer, transactions),
  };
}
