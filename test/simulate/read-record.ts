/** What stored records say. They never change, and every rule asks of the same ones. */
import type { StatementRequest } from "../../functions/domain/statement-request.ts";
import { fromConfigMap, type ConfigMap } from "../../functions/platform/ledger/configmap-record.ts";

const known = new WeakMap<ConfigMap, StatementRequest>();

/** @throws UnreadableRecord, as the product does */
export function readRecord(record: ConfigMap): StatementRequest {
  const before = known.get(record);
  if (before) return before;
  const request = fromConfigMap(record);
  known.set(record, request);
  return request;
}
