/** What `make run` and `make demo` see of the ledger. */
import { COMPONENTS, LABELS, MANAGER } from "../../functions/platform/ledger/configmap-record.ts";
import { watchRequests, type RequestChanges } from "../../infra/local/run/request-watch.ts";
import { RECORDED } from "../support/functions/recorded-event.ts";
import { startLocalLedger, type LocalLedger } from "../support/servers/local-ledger.ts";

let local: LocalLedger;
let changes: RequestChanges;

beforeEach(async () => {
  local = await startLocalLedger();
  changes = await watchRequests(local);
});
afterEach(async () => {
  changes[Symbol.dispose]();
  await local[Symbol.asyncDispose]();
});

const named = (name: string) => ({ ...RECORDED, facts: { ...RECORDED.facts, name } });

const nextName = async (): Promise<string | undefined> =>
  (await changes.next(AbortSignal.timeout(10_000)))?.facts.name;

test("each record, in order, also beside one that cannot be read", async () => {
  const labels = { [LABELS.managedBy]: MANAGER, [LABELS.component]: COMPONENTS.request };
  await local.ledger.create(named("transaction-request-a-1"));
  await local.core.createNamespacedConfigMap({
    namespace: local.namespace,
    body: { metadata: { name: "transaction-request-a-2", labels }, data: { customer_id: "a" } },
  });
  await local.ledger.create(named("transaction-request-a-3"));

  expect(await nextName()).toBe("transaction-request-a-1");
  expect(await nextName()).toBe("transaction-request-a-3");
});

test("nothing, where the wait is given up; and what comes then is the next one's", async () => {
  expect(await changes.next(AbortSignal.timeout(50))).toBeUndefined();
  await local.ledger.create(named("transaction-request-a-1"));
  expect(await nextName()).toBe("transaction-request-a-1");
});
