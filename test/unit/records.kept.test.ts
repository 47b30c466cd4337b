/**
 * Pods of two versions on one ledger: what 0.1.0 writes is read and moved on here, what is written
 * here is read and moved on by 0.1.0, and neither loses what only the other knows. Its domain and
 * its record are kept built in test/kept/0.1.0/records.js.
 */

import { announce } from "../../functions/domain/outcome/telling.ts";
import * as now from "../../functions/domain/statement-request.ts";
import {
  fromConfigMap,
  movedConfigMap,
  toConfigMap,
  type ConfigMap,
} from "../../functions/platform/ledger/configmap-record.ts";
import { RECORDED, NOON } from "../support/functions/recorded-event.ts";

type OldRequest = Record<string, unknown>;
interface OldVersion {
  readonly toData: (request: OldRequest) => Record<string, string>;
  readonly toLabels: (request: OldRequest) => Record<string, string>;
  readonly fromConfigMap: (configMap: ConfigMap) => OldRequest;
  readonly foreignData: (configMap: ConfigMap) => Record<string, string>;
}
const KEPT = new URL("../kept/0.1.0/records.js", import.meta.url).href;

let old: OldVersion;
beforeAll(async () => {
  old = (await import(KEPT)) as OldVersion;
});

const TERMS = {
  now: NOON,
  holder: "pod/claim",
  object: { bucket: "b", key: "c-1-2-1768478400000.zip" },
  execution: "service",
  leaseMs: 60_000,
  clockSkewMs: 0,
  publishTimeoutMs: 0,
  maxFailures: 5,
} as const;
const claimed = now.claim(RECORDED, TERMS);
if (claimed.kind !== "claim") throw new Error(claimed.kind);
const held = claimed.request;
const RESULT = { rows: 1, bytes: 2, sha256: "ab", asOf: NOON };
const STATES: readonly now.StatementRequest[] = [
  RECORDED,
  now.handOver(held, "shutting_down", { now: NOON, leaseEndsAt: NOON }),
  now.oversize(held, { now: NOON, leaseEndsAt: NOON }),
  now.requestCancel(held, NOON),
  held,
  now.execute(held, held.object, RESULT, NOON),
  announce(now.execute(held, held.object, RESULT, NOON)),
  now.fail(held, "unknown_customer", NOON),
  now.cancel(held, NOON),
];

/** As 0.1.0 holds a request: its facts beside the rest. */
const asOld = ({ facts, ...rest }: now.StatementRequest): OldRequest => ({ ...facts, ...rest });

/** What 0.1.0 puts in the place of a record. */
function movedByOld(stored: ConfigMap, next: OldRequest): ConfigMap {
  return {
    metadata: { ...stored.metadata, labels: { ...stored.metadata?.labels, ...old.toLabels(next) } },
    data: { ...old.foreignData(stored), ...old.toData(next) },
  };
}

describe.each(STATES.map((state) => [state.status, state] as const))("%s", (_, state) => {
  test("written by 0.1.0, read here, and written the same", () => {
    const name = state.facts.name;
    const record = {
      metadata: { name, labels: old.toLabels(asOld(state)) },
      data: old.toData(asOld(state)),
    };
    expect(fromConfigMap(record)).toEqual(state);
    expect(toConfigMap(state)).toEqual(record);
  });

  test("written here, read by 0.1.0", () => {
    expect(old.fromConfigMap(toConfigMap(state))).toEqual(asOld(state));
  });

  test("a field that only one version knows stays through the other's write, both ways", () => {
    const record = toConfigMap(state);
    const wider = { ...record, data: { ...record.data, of_another_version: "kept" } };
    const byOld = movedByOld(wider, old.fromConfigMap(wider));
    const byBoth = movedConfigMap(byOld, fromConfigMap(byOld));
    expect(byOld.data).toEqual(wider.data);
    expect(byBoth.data).toEqual(wider.data);
  });
});
