/**
 * The version before, as far as two versions meet: records as 0.1.0 wrote them, by what is kept of it. Its
 * intake wrote no index; its builders put back what they knew of a record, and kept the rest as it was.
 */
import type { RequestFacts } from "../../functions/domain/statement-request.ts";
import type { LedgerApi } from "../../functions/platform/ledger/configmap-ledger.ts";
import type { ConfigMap } from "../../functions/platform/ledger/configmap-record.ts";

type OldRequest = Readonly<Record<string, unknown>>;
interface OldRecords {
  readonly recordRequest: (facts: RequestFacts) => OldRequest;
  readonly fromConfigMap: (configMap: ConfigMap) => OldRequest;
  readonly foreignData: (configMap: ConfigMap) => Record<string, string>;
  readonly toData: (request: OldRequest) => Record<string, string>;
  readonly toLabels: (request: OldRequest) => Record<string, string>;
}
const KEPT = new URL("../kept/0.1.0/records.js", import.meta.url).href;
const old = (await import(KEPT)) as OldRecords;

export function recordOfBefore(facts: RequestFacts): ConfigMap {
  const request = old.recordRequest(facts);
  const { name } = facts;
  return { metadata: { name, labels: old.toLabels(request) }, data: old.toData(request) };
}

/** What a process puts there, as it would stand there had a process of the version before put it. */
export function writingAsBefore(api: LedgerApi): LedgerApi {
  return {
    ...api,
    call: (call, signal) => {
      if (call.method !== "PUT") return api.call(call, signal);
      const body = call.body as ConfigMap;
      const request = old.fromConfigMap(body);
      const labels = { ...body.metadata?.labels, ...old.toLabels(request) };
      const data = { ...old.foreignData(body), ...old.toData(request) };
      const written = { ...body, metadata: { ...body.metadata, labels }, data };
      return api.call({ ...call, body: written }, signal);
    },
  };
}
