/** Links are signed here, without a store: what is in them, and what they refuse. */
import { makeStatementLinks } from "../../infra/clients/link/statement-links.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const KEY = "statements/customer-000001-1735686000-1767135600-1795434992291.zip";
const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };

const linksOf = (expiration?: Date) =>
  makeStatementLinks(
    { region: "eu-central-1", credentials: { ...credentials, ...(expiration && { expiration }) } },
    () => NOW,
  );
const request = { bucket: "bank-statements", key: KEY, customerId: "customer-000001" };

test("the address names the object, its file name and how long it holds, and nothing else", async () => {
  const link = await linksOf().link(request);
  if (!link.ok) throw new Error(link.reason);
  const url = new URL(link.url);
  expect(url.origin + url.pathname).toBe(
    `https://bank-statements.s3.eu-central-1.amazonaws.com/${KEY}`,
  );
  const { "X-Amz-Signature": signature, ...others } = Object.fromEntries(url.searchParams);
  expect(signature).toMatch(/^[0-9a-f]{64}$/);
  expect(others).toEqual({
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD",
    "X-Amz-Credential": "AKIDEXAMPLE/20260102/eu-central-1/s3/aws4_request",
    "X-Amz-Date": "20260102T030405Z",
    "X-Amz-Expires": "300",
    "X-Amz-SignedHeaders": "host",
    "response-cache-control": "private, no-store",
    "response-content-disposition":
      'attachment; filename="customer-000001-1735686000-1767135600-1795434992291.zip"',
    "x-id": "GetObject",
  });
  // From the whole second of its date.
  expect(link.expiresAt.toISOString()).toBe("2026-01-02T03:09:05.000Z");
});

test("ends with the credentials that signed it, when they end sooner", async () => {
  const expiration = new Date("2026-01-02T03:05:00Z");
  const soon = await linksOf(expiration).link(request);
  expect(soon).toMatchObject({ ok: true, expiresAt: expiration });
  const sooner = await linksOf(expiration).link({ ...request, expiresIn: 10 });
  expect(sooner).toMatchObject({ ok: true, expiresAt: new Date("2026-01-02T03:04:15Z") });
});

test("of credentials that have ended there is none: it would be dead from the start", async () => {
  const linking = linksOf(new Date(NOW)).link(request);
  await expect(linking).rejects.toThrow(
    "the credentials of the store have ended, at 2026-01-02T03:04:05.678Z",
  );
});

test.each([
  ["of_another_customer", { customerId: "customer-000002" }],
  ["of_another_customer", { customerId: "customer" }],
  ["of_another_customer", { key: KEY.replace("customer-000001", "x-customer-000001") }],
  ["not_a_statement", { key: "statements/../secrets.txt" }],
  ["not_a_statement", { key: "" }],
])("%s: %j", async (reason, over) => {
  expect(await linksOf().link({ ...request, ...over })).toEqual({ ok: false, reason });
});

test.each([0, -1, 0.5, 604_801, NaN])(
  "%d seconds are no time for it to hold",
  async (expiresIn) => {
    await expect(linksOf().link({ ...request, expiresIn })).rejects.toThrow(RangeError);
  },
);
