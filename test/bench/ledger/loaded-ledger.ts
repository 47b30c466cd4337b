/**
 * A ledger on a real kube-apiserver that holds as many records as one wants. One record of each
 * state goes through the shipped code and the API; the others are copies of what etcd holds of it,
 * with a name, an event and a customer of their own: the same bytes a hundred times faster.
 */
import { randomUUID } from "node:crypto";
import {
  makeConfigMapLedger,
  type Ledger,
} from "../../../functions/platform/ledger/configmap-ledger.ts";
import { announce } from "../../../functions/domain/outcome/telling.ts";
import { execute, recordRequest } from "../../../functions/domain/statement-request.ts";
import { claimRecord } from "../../../functions/statement-builder/claim.ts";
import { startKubeApiserver, type KubeApiserver } from "../../support/servers/kube-apiserver.ts";
import { makeEtcdStore, type EtcdStore } from "./etcd-store.ts";

export const LEDGER = "transaction-requests";
/** The shipped settings, in milliseconds. */
export const CLAIM_SETTINGS = {
  execution: "service",
  leaseMs: 60_000,
  clockSkewMs: 30_000,
  publishTimeoutMs: 60_000,
  maxFailures: 5,
  bucket: "bank-statements",
  prefix: "statements/",
  hostname: "statement-builder-00001-deployment-5d4f8c7b9d-x2x7q",
} as const;

const DAY_MS = 86_400_000;
const CUSTOMERS = 1_000;

export type CopiedState = "pending" | "executed" | "expired";

/** Adds `count` records of a state; answers their names. `expired`: executed 31 days ago. */
export type AddRecords = (state: CopiedState, count: number) => Promise<readonly string[]>;

export interface LoadedLedger extends AsyncDisposable {
  readonly kube: KubeApiserver;
  readonly ledger: Ledger;
  readonly store: EtcdStore;
  readonly add: AddRecords;
  /** Lets the API server see what was added. */
  settle(): Promise<void>;
}

export async function startLoadedLedger(): Promise<LoadedLedger> {
  await using opened = new AsyncDisposableStack();
  const kube = opened.use(await startKubeApiserver());
  await kube.createNamespace(LEDGER);
  const ledger = makeConfigMapLedger({ namespace: LEDGER, kubeconfig: kube.kubeconfig });
  const store = makeEtcdStore(kube.etcd.url);
  const closing = opened.move();

  return {
    kube,
    ledger,
    store,
    add: makeAdding(ledger, store, LEDGER),
    async settle() {
      await store.compact();
      await kube.stop();
      await kube.start();
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

/** Into a namespace of the API server that keeps its objects in `store`. */
export function makeAdding(ledger: Ledger, store: EtcdStore, namespace: string): AddRecords {
  const now = Date.now();
  let added = 0;
  return async (state, count) => {
    const recordedAt = state === "expired" ? now - 31 * DAY_MS : now;
    const model = identityOf(added++, recordedAt);
    await makeRecord(ledger, model, state, recordedAt);
    const value = await store.valueOf(namespace, model.name);
    const uid = (await ledger.read(model.name))?.uid ?? "";
    const copies = Array.from({ length: count - 1 }, () => identityOf(added++, recordedAt));
    await store.put(namespace, copiesOf(value, { ...model, uid }, copies));
    return [model.name, ...copies.map(({ name }) => name)];
  };
}

interface Identity {
  readonly name: string;
  readonly customerId: string;
  /** As long as every other. */
  readonly eventId: string;
}

function identityOf(serial: number, recordedAt: number): Identity {
  const customerId = `customer-${String(serial % CUSTOMERS).padStart(6, "0")}`;
  const name = `transaction-request-${customerId}-${recordedAt + serial}`;
  return { name, customerId, eventId: randomUUID() };
}

async function makeRecord(
  ledger: Ledger,
  { name, customerId, eventId }: Identity,
  state: CopiedState,
  recordedAt: number,
): Promise<void> {
  await ledger.create(
    recordRequest({
      name,
      customerId,
      startDate: "2025-01-01",
      endDate: "2025-12-31",
      recordedAt,
      timeZone: "Europe/Berlin",
      options: { time_zone: "Europe/Berlin" },
      event: {
        source: "/online-banking",
        id: eventId,
        type: "io.transactions-collector.statement.requested.v1",
        time: recordedAt,
      },
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }),
  );
  if (state === "pending") return;
  const now = (): number => recordedAt;
  const claimed = await claimRecord(name, { ledger, settings: CLAIM_SETTINGS, now });
  if (claimed.kind !== "claimed") throw new Error(`the model was not claimed: ${claimed.kind}`);
  const { request } = claimed.stored;
  const result = { rows: 500, bytes: 23_456, sha256: "0123abcd".repeat(8), asOf: recordedAt };
  const executed = await ledger.replace(
    claimed.stored,
    execute(request, request.object, result, recordedAt),
  );
  if (executed === "conflict") throw new Error("the model was not executed");
  await ledger.replace(executed, announce(executed.request));
}

/** Every text of an identity is as long as the model's, so the encoding's lengths stay right. */
function* copiesOf(
  value: Buffer,
  model: Identity & { readonly uid: string },
  copies: readonly Identity[],
): Generator<readonly [string, Buffer]> {
  const places = {
    name: placesOf(value, model.name),
    uid: placesOf(value, model.uid),
    customerId: placesOf(value, model.customerId),
    eventId: placesOf(value, model.eventId),
  };
  for (const copy of copies) {
    const bytes = Buffer.from(value);
    for (const at of places.customerId) bytes.write(copy.customerId, at);
    for (const at of places.name) bytes.write(copy.name, at);
    for (const at of places.eventId) bytes.write(copy.eventId, at);
    for (const at of places.uid) bytes.write(randomUUID(), at);
    yield [copy.name, bytes];
  }
}

function placesOf(value: Buffer, text: string): number[] {
  const places: number[] = [];
  for (let at = value.indexOf(text); at >= 0; at = value.indexOf(text, at + 1)) places.push(at);
  if (places.length === 0) throw new Error("the stored model does not hold its own identity");
  return places;
}
