import { createHash } from "node:crypto";
import fc from "fast-check";
import { CUSTOMER_ID, eventHash, recordName } from "../../functions/domain/record-name.ts";
import {
  formatStatementKey,
  nextStatementKey,
  parseStatementKey,
} from "../../functions/domain/statement-key.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const TIME = 1_768_478_400_000;

describe("recordName", () => {
  test("holds the customer's id as it is where Kubernetes allows it", () => {
    expect(recordName("c-42.eu", TIME, sha256)).toBe("transaction-request-c-42.eu-1768478400000");
  });

  test.each(["ACME", "a_b", "a..b", "a.-b"])("of %p is a Kubernetes name", (customer) => {
    const name = recordName(customer, TIME, sha256);
    expect(name).toMatch(/^transaction-request-[a-z0-9.-]+-[0-9a-f]{8}-1768478400000$/);
  });

  test("tells apart ids that differ in case only", () => {
    expect(recordName("Ab", TIME, sha256)).not.toBe(recordName("aB", TIME, sha256));
  });

  test("of any customer id is a DNS-1123 subdomain", () => {
    const label = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
    fc.assert(
      fc.property(fc.stringMatching(CUSTOMER_ID), (customer) => {
        const name = recordName(customer, TIME, sha256);
        expect(name).toMatch(label);
        expect(name.length).toBeLessThanOrEqual(253);
      }),
    );
  });
});

test("the hash of an event is of the pair, not of a join", () => {
  expect(eventHash("a", "bc", sha256)).not.toBe(eventHash("ab", "c", sha256));
  // printf '["/bank","1"]' | sha256sum | cut -c1-40
  expect(eventHash("/bank", "1", sha256)).toBe("4864edca52bbcfa9439fc4379b4ede127026bce5");
});

describe("the key of a statement", () => {
  const key = { customerId: "c-1-2", startEpoch: 86_400, endEpoch: 172_800, uploadedAt: TIME };

  test("is customer, start, end and upload time, behind the prefix", () => {
    expect(formatStatementKey(key, "eu/")).toBe("eu/c-1-2-86400-172800-1768478400000.zip");
  });

  test("is read from the right, because customer ids hold hyphens", () => {
    expect(parseStatementKey("eu/c-1-2-86400-172800-1768478400000.zip")).toEqual(key);
  });

  test.each(["", "x.zip", "a-1-2-3.zip", "c-1-2-1768478400000.zip.part"])(
    "%p names no statement",
    (text) => expect(parseStatementKey(text)).toBeUndefined(),
  );

  test("reads back what was written, for any customer", () => {
    fc.assert(
      fc.property(
        fc.stringMatching(CUSTOMER_ID),
        fc.nat(),
        fc.nat(),
        (customerId, start, length) => {
          const any = { customerId, startEpoch: start, endEpoch: start + length, uploadedAt: TIME };
          expect(parseStatementKey(formatStatementKey(any, "p/q/"))).toEqual(any);
        },
      ),
    );
  });

  test("moves on by a millisecond", () => {
    expect(nextStatementKey("eu/c-1-2-1768478400000.zip")).toBe("eu/c-1-2-1768478400001.zip");
  });
});
