/** What `entry` writes, as data: the same elements in the same order. */
import { MAX_ACCOUNT, MAX_INFORMATION, MAX_REFERENCE, MAX_TEXT } from "./camt053-fields.ts";
import { NO_TYPE } from "./camt053-entry.ts";
import { IBAN_LENGTHS } from "./iban.ts";
import type { RowTemplate, TemplateStep, ValueStep } from "../row-template.ts";
import { escapeXml, firstCharacters } from "../xml-text.ts";

/** @param words by type, what it is called in the statement's language */
export function entryTemplate(words: ReadonlyMap<string, string>): RowTemplate {
  const escaped = Array.from(words, ([type, word]) => {
    return [type, escapeXml(firstCharacters(word, MAX_INFORMATION))] as const;
  });
  const word = { word: "type", words: new Map(escaped) };
  return {
    escape: "xml",
    ibanLengths: IBAN_LENGTHS,
    steps: [
      "<Ntry><NtryRef>",
      { number: "line" },
      "</NtryRef>",
      ...AMOUNT,
      { group: ["<RvslInd>true</RvslInd>", { present: "reversal_of" }] },
      "<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>",
      { date: "booking_date" },
      "</Dt></BookgDt><ValDt><Dt>",
      { date: "value_date" },
      "</Dt></ValDt>",
      element("AcctSvcrRef", { text: "transaction_id" }, MAX_REFERENCE),
      ...TRANSACTION_CODE,
      "<NtryDtls><TxDtls>",
      REFERENCES,
      ...AMOUNT,
      PARTY,
      REMITTANCE,
      "</TxDtls></NtryDtls>",
      element("AddtlNtryInf", word),
      "</Ntry>\n",
    ],
  };
}

function element(name: string, value: ValueStep, longest?: number): TemplateStep {
  const group = [`<${name}>`, value, `</${name}>`];
  return longest === undefined ? { group } : { group, longest };
}

const AMOUNT: readonly TemplateStep[] = [
  '<Amt Ccy="',
  { text: "currency" },
  '">',
  { number: "magnitude" },
  "</Amt><CdtDbtInd>",
  { side: ["CRDT", "DBIT"] },
  "</CdtDbtInd>",
];

const TRANSACTION_CODE: readonly TemplateStep[] = [
  "<BkTxCd>",
  {
    group: [
      "<Domn><Cd>",
      { code: "bank_transaction_code", part: 0 },
      "</Cd><Fmly><Cd>",
      { code: "bank_transaction_code", part: 1 },
      "</Cd><SubFmlyCd>",
      { code: "bank_transaction_code", part: 2 },
      "</SubFmlyCd></Fmly></Domn>",
    ],
  },
  "<Prtry>",
  { group: ["<Cd>", { text: "type" }, "</Cd>"], longest: MAX_REFERENCE },
  { unless: "type", steps: [`<Cd>${NO_TYPE}</Cd>`] },
  "</Prtry></BkTxCd>",
];

const REFERENCES: TemplateStep = {
  group: [
    "<Refs>",
    element("AcctSvcrRef", { text: "transaction_id" }, MAX_REFERENCE),
    element("EndToEndId", { text: "reference" }, MAX_REFERENCE),
    {
      group: ["<Prtry><Tp>REVERSAL_OF</Tp><Ref>", { text: "reversal_of" }, "</Ref></Prtry>"],
      longest: MAX_REFERENCE,
    },
    "</Refs>",
  ],
};

const ROLE: TemplateStep = { side: ["Dbtr", "Cdtr"] };

const PARTY: TemplateStep = {
  group: [
    "<RltdPties>",
    {
      group: ["<", ROLE, "><Pty><Nm>", { text: "counterparty_name" }, "</Nm></Pty></", ROLE, ">"],
      longest: MAX_TEXT,
    },
    account("<IBAN>", "iban", "</IBAN>"),
    account("<Othr><Id>", "other", "</Id></Othr>"),
    "</RltdPties>",
  ],
};

function account(begin: string, only: "iban" | "other", end: string): TemplateStep {
  return {
    group: [
      "<",
      ROLE,
      `Acct><Id>${begin}`,
      { text: "counterparty_account", only },
      `${end}</Id></`,
      ROLE,
      "Acct>",
    ],
    longest: MAX_ACCOUNT,
  };
}

const HIDDEN_ACCOUNT = "counterparty_account: ";

const REMITTANCE: TemplateStep = {
  group: [
    "<RmtInf>",
    { pieces: "description", longest: MAX_TEXT, around: ["<Ustrd>", "</Ustrd>"] },
    {
      group: [
        `<Ustrd>${HIDDEN_ACCOUNT}`,
        { text: "counterparty_account", only: "hidden" },
        "</Ustrd>",
      ],
      longest: MAX_TEXT - HIDDEN_ACCOUNT.length,
    },
    "</RmtInf>",
  ],
};
