import { createRequire } from "node:module";
import fc from "fast-check";
import { IBAN_LENGTHS, isIban } from "../../functions/statement-builder/formats/camt053/iban.ts";

/** A package of others, by country. */
const { countrySpecs } = createRequire(import.meta.url)("ibantools") as {
  /** `IBANRegistry`: the registry holds the country. */
  readonly countrySpecs: Readonly<Record<string, { chars: number; IBANRegistry?: boolean }>>;
};

/** Examples of the IBAN registry. */
const REGISTERED = [
  "DE89370400440532013000",
  "GB29NWBK60161331926819",
  "FR1420041010050500013M02606",
  "NO9386011117947",
  "MT84MALT011000012345MTLCAST001S",
  "BR1800360305000010009795493C1",
  "LC55HEMM000100010012001200023015",
  "RU0304452522540817810538091310419",
];

test.each(REGISTERED)("%s is an IBAN", (iban) => {
  expect(isIban(iban)).toBe(true);
});

test.each([
  ["one digit wrong", "DE89370400440532013001"],
  ["two digits exchanged", "DE89370400440532010300"],
  ["a digit missing", "DE8937040044053201300"],
  ["an unknown country, its check digits right", "ZZ0637040044053201300"],
  ["small letters", "de89370400440532013000"],
  ["its printed form", "DE89 3704 0044 0532 0130 00"],
  ["masked", "******************3000"],
  ["a bank's own number", "account-000001-1"],
  ["a property of every object", "constructor"],
  ["nothing", ""],
])("%s is no IBAN", (_, text) => {
  expect(isIban(text)).toBe(false);
});

/** Their IBANs begin with the code of the state they belong to, and so has the registry them. */
const TERRITORIES = {
  FI: ["AX"],
  FR: ["GF", "GP", "MF", "MQ", "NC", "PF", "PM", "RE", "TF", "WF", "YT"],
};

test("every country of the registry has the length that others know it by", () => {
  const known = Object.entries(countrySpecs).map(([country, { chars }]) => [country, chars]);
  expect(Object.fromEntries(known)).toMatchObject(IBAN_LENGTHS);
  const registered = Object.keys(countrySpecs).filter((one) => countrySpecs[one]?.IBANRegistry);
  const own = registered.filter((one) => !Object.values(TERRITORIES).flat().includes(one));
  expect(own.length).toBeGreaterThan(80);
  expect(own.filter((one) => IBAN_LENGTHS[one] === undefined)).toEqual([]);
});

/** Of the same kind: only there do the check digits promise to see any change. */
const KINDS = ["0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"];

test("no IBAN stays one when a digit or a letter is another", () => {
  const iban = fc.constantFrom(...REGISTERED);
  fc.assert(
    fc.property(iban, fc.nat(), fc.integer({ min: 1, max: 9 }), (right, position, step) => {
      const at = position % right.length;
      const character = right.charAt(at);
      const kind = KINDS.find((one) => one.includes(character)) ?? "";
      const other = kind.charAt((kind.indexOf(character) + step) % kind.length);
      expect(isIban(right.slice(0, at) + other + right.slice(at + 1))).toBe(false);
    }),
  );
});
