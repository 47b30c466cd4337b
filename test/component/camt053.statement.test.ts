/** camt.053 in a statement of a real database: proved, listed and valid like the rest of the zip. */
import type { Manifest } from "../../functions/domain/manifest.ts";
import { verifyStatement } from "../../functions/verification/verify-statement.ts";
import { BANK_SCHEMA } from "../support/bank/bank-schema.ts";
import { addUp, camt053Validator } from "../support/statements/camt053-checks.ts";
import { withMariaDb } from "../support/servers/mariadb.ts";
import {
  insertAccount,
  insertPostings,
  readTransactions,
  statementZip,
  unzip,
  type Posting,
} from "../support/statements/statement.ts";
import { chunks } from "../support/statements/sample-statement.ts";

const IBAN = "DE89370400440532013000";

/** Two accounts of two currencies, posted to in turn; a row before and one after the month. */
const POSTINGS: readonly Posting[] = [
  { id: 1, at: "2024-12-31 22:59:59.999999", amount: "100.00", balance: "100.00" },
  { id: 2, at: "2024-12-31 23:00:00.000000", amount: "-20.50", balance: "79.50", name: "Zoë & Co" },
  { id: 4, at: "2025-01-03 10:00:00.000000", amount: "20.50", balance: "100.00", reversalOf: 2 },
  { id: 5, at: "2025-01-31 22:59:59.999999", amount: "0.00", balance: "100.00" },
  { id: 6, at: "2025-01-31 23:00:00.000000", amount: "7.00", balance: "107.00" },
].map((posting) => ({ ...posting, account: IBAN, counterparty: "GB29NWBK60161331926819" }));
const DINARS: Posting = {
  id: 3,
  at: "2025-01-02 10:00:00.000000",
  amount: "-0.005",
  balance: "-0.005",
  account: "dinars",
  currency: "BHD",
};

test("a statement that was asked for with camt.053 holds it, valid and adding up", async () => {
  const validate = await camt053Validator();
  await withMariaDb(
    async (server) => {
      await server.execute(insertAccount(IBAN) + insertAccount("dinars", "BHD"));
      await server.execute(insertPostings(...POSTINGS, DINARS));
      await using transactions = readTransactions(server.databaseUrl);
      const zip = await statementZip(transactions, {
        customerId: "c1",
        startDate: "2025-01-01",
        endDate: "2025-01-31",
        timeZone: "Europe/Berlin",
        options: { formats: ["csv", "camt.053"], combined: true },
      });
      expect(await verifyStatement(chunks(zip))).toMatchObject({ ok: true });

      const files = await unzip(zip);
      const manifest = JSON.parse(files["manifest.json"] ?? "") as Manifest;
      expect(manifest.files).toContainEqual(
        expect.objectContaining({
          path: "camt.053.xml",
          media_type: "application/xml",
          rows: null,
        }),
      );
      const xml = files["camt.053.xml"] ?? "";
      validate(Buffer.from(xml));
      expect(addUp(Buffer.from(xml))).toEqual(["EUR 3 100.00", "BHD 1 -0.005"]);
      expect(xml).toContain(`<IBAN>${IBAN}</IBAN>`);
      expect(xml).toContain("<Nm>Zoë &amp; Co</Nm>");
      expect(xml).toContain("<Ustrd>counterparty_account: ******************6819</Ustrd>");
      expect(xml).not.toContain("NWBK");
    },
    { schema: BANK_SCHEMA },
  );
});
