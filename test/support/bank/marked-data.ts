/**
 * Data that can be found again wherever it gets to: each kind of personal data has a text of its
 * own that stands nowhere else in the world.
 */

/** What must not leave the statement's file. */
export const MARKS = {
  description: "qvxDescription7391",
  pendingDescription: "qvxPendingText7391",
  counterpartyName: "qvxCounterparty7391",
  reference: "qvxReference7391",
  transactionType: "QVXTYPE7391",
  accountId: "qvxAccount7391",
  /** Of which the last four characters are shown. */
  counterpartyAccount: "QVX7391COUNTERPARTY5566",
  amount: "867530917",
  debit: "112233445",
  opening: "314159265",
  closing: "1069456737",
  inexactAmount: "271828182",
  pendingAmount: "141421356",
  transactionId: "4611686018427391",
} as const;

/** What a sender puts where it does not belong; none of it is asked for, so none of it is kept. */
export const SENT_MARKS = {
  unknownField: "qvxUnknownField7391",
  badCustomer: "qvx Customer Name 7391",
  badDate: "qvxDate7391",
  badZone: "Qvx/Zone7391",
  brokenJson: "qvxBrokenJson7391",
  notAnEvent: "qvxNoEvent7391",
  extension: "qvxExtension7391",
  query: "qvxQuery7391",
  token: "qvxToken7391",
  header: "qvxHeader7391",
  parked: "qvxParked7391",
} as const;

/** What other servers say when they fail. */
export const SERVER_MARKS = {
  store: "qvxStoreSays7391",
  sink: "qvxSinkSays7391",
} as const;

/** Names of the marks that are found in a text, as they stand or in base64, in any case. */
export function marksIn(text: string, marks: Readonly<Record<string, string>>): readonly string[] {
  const lower = text.toLowerCase();
  return Object.entries(marks)
    .filter(
      ([, mark]) =>
        lower.includes(mark.toLowerCase()) || base64Forms(mark).some((one) => text.includes(one)),
    )
    .map(([name]) => name);
}

/** The characters of base64 that do not depend on what stands around the mark. */
function base64Forms(mark: string): readonly string[] {
  return [0, 1, 2].map((before) => {
    const whole = Buffer.from("?".repeat(before) + mark)
      .toString("base64")
      .replace(/=+$/, "");
    const first = Math.ceil((before * 8) / 6);
    return whole.slice(first, Math.floor(((before + mark.length) * 8) / 6));
  });
}
