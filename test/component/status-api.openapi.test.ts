/** The OpenAPI document of status-api, held against a running one: by a tool that is not ours, and by its answers. */
import { readFile } from "node:fs/promises";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { parse } from "yaml";
import { recordRequest } from "../../functions/domain/statement-request.ts";
import { startLocalLedger, type LocalLedger } from "../support/servers/local-ledger.ts";
import { holdTo } from "../support/programs/schemathesis.ts";
import { startStatusApi, type RunningStatusApi } from "../support/functions/status-api.ts";

const DOCUMENT = new URL("../../eventing/status-api.openapi.yaml", import.meta.url);
const AT = Date.UTC(2026, 0, 15, 12);
const NAME = `transaction-request-c-1-${AT}`;

const opened = new AsyncDisposableStack();
let ledger: LocalLedger;
let api: RunningStatusApi;

beforeAll(async () => {
  ledger = opened.use(await startLocalLedger());
  // No store: where nothing is executed none is asked.
  const store = { AWS_REGION: "us-east-1", AWS_ACCESS_KEY_ID: "x", AWS_SECRET_ACCESS_KEY: "x" };
  api = opened.use(await startStatusApi({ ...store, KUBECONFIG: ledger.kubeconfig }));
  const facts = {
    name: NAME,
    customerId: "c-1",
    startDate: "2025-12-01",
    endDate: "2025-12-31",
    timeZone: "UTC",
    options: {},
    event: { source: "/billing", id: "1", type: "t", time: AT },
    recordedAt: AT,
  };
  await ledger.ledger.create(recordRequest(facts));
}, 120_000);
afterAll(() => opened.disposeAsync());

test("schemathesis finds nothing in status-api that its document does not say", async () => {
  const authorization = await api.authorization();
  const { ok, text } = await holdTo(DOCUMENT.pathname, api.url, { authorization });
  expect(ok ? "" : text).toBe("");
  expect(text).toMatch(/\d+ generated/);
}, 300_000);

test("and it does find a path that is not served", async () => {
  const { ok, text } = await holdTo(DOCUMENT.pathname, `${api.url}/elsewhere`, {});
  expect(ok).toBe(false);
  expect(text).toContain("GET /requests");
}, 300_000);

interface Document {
  readonly paths: Record<string, Record<string, { responses: Record<string, Response> }>>;
}
interface Response {
  readonly content: Record<string, { readonly schema: { readonly $ref: string } }>;
}

test.each([
  ["/requests?customer=c-1", "/requests", "GET", 200],
  ["/requests?customer=", "/requests", "GET", 400],
  [`/requests/${NAME}`, "/requests/{name}", "GET", 200],
  ["/requests/x", "/requests/{name}", "GET", 404],
  [`/requests/${NAME}/cancel`, "/requests/{name}/cancel", "PUT", 202],
  [`/requests/${NAME}/link`, "/requests/{name}/link", "POST", 409],
])("%s is answered as the document says of it", async (path, template, method, status) => {
  const told = await api.ask(path, { method });
  expect(told.status).toBe(status);
  const document = parse(await readFile(DOCUMENT, "utf8")) as Document;
  const { content } = document.paths[template]?.[method.toLowerCase()]?.responses[status] ?? {
    content: {},
  };
  const schema = content[told.headers.get("content-type") ?? ""]?.schema;
  const ajv = new Ajv2020({ strict: false });
  addFormats.default(ajv);
  ajv.addSchema(document, "document");
  const validate = ajv.getSchema(`document${schema?.$ref ?? "#/none"}`);
  expect(validate?.(told.body)).toBe(true);
});
