/** Names of the files of single accounts: the same file on every system, and never another's. */
import fc from "fast-check";
import {
  accountFileNames,
  isByAccount,
} from "../../functions/statement-builder/contents/format-files.ts";
import { factsOf } from "../support/statements/statement.ts";
import { JANUARY } from "../support/statements/sample-statement.ts";
import { isAccountFile, isEntryName } from "../../functions/verification/entry-names.ts";

const names = (...accounts: readonly (readonly [accountId: string, currency: string])[]) =>
  accountFileNames(
    "camt.053",
    accounts.map(([accountId, currency]) => ({ accountId, currency })),
  );

test("are the account and its currency", () => {
  const iban = "DE89370400440532013000";
  expect(names([iban, "EUR"], [iban, "USD"], ["acme-1.a_b", "JPY"])).toEqual([
    `camt.053/${iban}-EUR.xml`,
    `camt.053/${iban}-USD.xml`,
    "camt.053/acme-1.a_b-JPY.xml",
  ]);
  expect(accountFileNames("ofx", [{ accountId: "a1", currency: "EUR" }])).toEqual([
    "ofx/a1-EUR.ofx",
  ]);
});

// The hashes are those of `printf ID | sha256sum`.
test.each([
  [`acct 7/8#&<>"'=+`, "acct-7-8--15966aa7d1e99ea7-EUR"],
  ["../../etc/passwd", "etc-passwd--3754d6cb3a38e118-EUR"],
  ["..", "account--5ec1f7e700f37c3d-EUR"],
  [".hidden", "hidden--1692419006a88aab-EUR"],
  ["con.1", "con-1--3a22eac69f440b36-EUR"],
  ["-x", "x--a420962426d71188-EUR"],
  ["конто", "account--7f321013a710e0fe-EUR"],
  ["a--b", "a-b--90827a2e56361a8f-EUR"],
  ["9".repeat(200), `${"9".repeat(40)}--0d81bbd7a6a94772-EUR`],
])("of an id that is no plain name, %j, are what is plain of it and a hash", (id, stem) => {
  expect(names([id, "EUR"])).toEqual([`camt.053/${stem}.xml`]);
});

test("differ by more than capitals", () => {
  const found = names(["ab", "EUR"], ["AB", "EUR"], ["ab", "USD"], ["Ab", "EUR"]);
  expect(found[2]).toBe("camt.053/ab-USD.xml");
  expect(new Set(found.map((one) => one.toLowerCase())).size).toBe(4);
});

test("of any accounts are safe, and each is its own whatever the system thinks of capitals", () => {
  const character = fc.constantFrom(...Array.from(`aAbB0-_. /\\:*?"<>|~\u0000\n\u202eé💶`));
  const id = fc.oneof(
    fc.string({ unit: character, minLength: 1, maxLength: 12 }),
    fc.string({ unit: "binary", minLength: 1 }),
    fc.constantFrom("con", "NUL", "com1.x", "a-EUR", "a", "A"),
  );
  const accounts = fc.uniqueArray(fc.tuple(id, fc.constantFrom("EUR", "JPY")), {
    selector: JSON.stringify,
    maxLength: 20,
  });
  fc.assert(
    fc.property(accounts, (some) => {
      const found = names(...some);
      for (const name of found) {
        expect(name).toMatch(/^camt\.053\/[A-Za-z0-9][A-Za-z0-9._-]*-(?:EUR|JPY)\.xml$/);
        expect(name).not.toContain("..");
        expect(isAccountFile(name)).toBe(true);
      }
      expect(new Set(found.map((one) => one.toLowerCase())).size).toBe(some.length);
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  "camt.053/",
  "camt.053/.xml",
  "camt.053/a.ofx",
  "camt.053/../a.xml",
  "camt.053/a/b.xml",
  "camt.053/a\\b.xml",
  "camt.053/a..b.xml",
  "camt.053/con.xml",
  "camt.053/Lpt1.a.xml",
  "camt.053/-a.xml",
  "camt.053/a b.xml",
  `camt.053/${"a".repeat(100)}.xml`,
  "camt.053",
  "ofx/a.xml",
  "pdf/a.pdf",
  "/camt.053/a.xml",
  "./ofx/a.ofx",
  "nul.csv",
])("%j is no entry's name", (name) => {
  expect(isEntryName(name)).toBe(false);
});

test.each([
  ["camt.053", 1, false, false],
  ["camt.053", 2, false, true],
  ["ofx", 5_000, false, true],
  ["ofx", 5_001, false, false],
  ["camt.053", 2, true, false],
  ["jsonl", 2, false, false],
  ["pdf", 2, false, false],
] as const)(
  "%s of %i accounts, combined: %j, is a file for each: %j",
  (format, accounts, combined, expected) => {
    const { options } = factsOf({ ...JANUARY, options: { combined } });
    expect(isByAccount(format, accounts, options)).toBe(expected);
  },
);
