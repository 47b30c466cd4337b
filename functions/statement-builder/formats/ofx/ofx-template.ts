/** What `transaction` writes, as data: the same elements in the same order. */
import { MAX_LENGTH, TIME_OF_DAY } from "./ofx-fields.ts";
import type { RowTemplate, TemplateStep } from "../row-template.ts";

const NAME = { text: "counterparty_name", oneLine: true } as const;
const DESCRIPTION = { text: "description", oneLine: true } as const;

const SPACE: TemplateStep = { between: " " };

/** A name that is too long for its own element stands whole in front. */
const MEMO: TemplateStep = {
  group: [
    "<MEMO>",
    { ...NAME, beyond: { units: MAX_LENGTH.NAME, unlike: "description" } },
    { group: [SPACE, DESCRIPTION] },
    { group: [SPACE, { lastFour: "counterparty_account" }] },
    "</MEMO>\n",
  ],
  longest: MAX_LENGTH.MEMO,
};

export const TRANSACTION: RowTemplate = {
  escape: "xml",
  steps: [
    "<STMTTRN>\n<TRNTYPE>",
    { side: ["CREDIT", "DEBIT"] },
    "</TRNTYPE>\n<DTPOSTED>",
    { date: "booking_date", digits: true },
    `${TIME_OF_DAY}</DTPOSTED>\n<DTAVAIL>`,
    { date: "value_date", digits: true },
    `${TIME_OF_DAY}</DTAVAIL>\n<TRNAMT>`,
    { number: "amount" },
    "</TRNAMT>\n<FITID>",
    { text: "transaction_id" },
    "</FITID>\n",
    {
      group: [
        "<REFNUM>",
        { text: "reference", oneLine: true, cut: MAX_LENGTH.REFNUM },
        "</REFNUM>\n",
      ],
    },
    {
      group: [
        "<NAME>",
        {
          first: [
            { ...NAME, cut: MAX_LENGTH.NAME },
            { ...DESCRIPTION, cut: MAX_LENGTH.NAME },
            { text: "type", oneLine: true },
          ],
        },
        "</NAME>\n",
      ],
      longest: MAX_LENGTH.NAME,
    },
    MEMO,
    "</STMTTRN>\n",
  ],
};
