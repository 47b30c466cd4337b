/**
 * A bank of marked data in the sample schema, with a customer for each way a statement can end;
 * their accounts and rows are all marked alike.
 */
import { MARKS } from "./marked-data.ts";
import { insertAccount, insertPostings } from "../statements/statement.ts";

const account = (customer: string): string => `${MARKS.accountId}-${customer}`;

function row(customer: string, id: number, [amount, balance]: readonly [string, string]) {
  return {
    customer,
    account: account(customer),
    id: BigInt(`${MARKS.transactionId}${id}`),
    at: "2025-01-10 10:00:00",
    amount,
    balance,
    type: MARKS.transactionType,
    description: `to ${MARKS.description}`,
    name: MARKS.counterpartyName,
    counterparty: MARKS.counterpartyAccount,
    reference: MARKS.reference,
  };
}

const opening = `${MARKS.opening}.65`;
const credit = `${MARKS.amount}.73`;
const closing = `${MARKS.closing}.83`;

export const MARKED_BANK = [
  ...["right", "decimals", "unbalanced", "breaks"].map((customer) =>
    insertAccount(account(customer), "EUR", customer),
  ),
  // Rows of an account that is not the customer's.
  insertAccount(account("unlisted"), "EUR", "somebody-else"),
  insertAccount(account("other"), "EUR", "unlisted"),
  insertPostings(
    { ...row("right", 10, [opening, opening]), at: "2024-12-01 00:00:00" },
    row("right", 11, [credit, "1181690183.38"]),
    row("right", 12, [`-${MARKS.debit}.55`, closing]),
    {
      ...row("right", 13, [`-${MARKS.pendingAmount}.04`, closing]),
      status: "PDNG",
      description: MARKS.pendingDescription,
    },
    row("decimals", 20, [`${MARKS.inexactAmount}.8459`, `${MARKS.inexactAmount}.8459`]),
    row("unbalanced", 30, [credit, opening]),
    row("unlisted", 40, [credit, credit]),
    row("breaks", 50, [credit, credit]),
  ),
  // A server whose message repeats what the row says.
  `CREATE FUNCTION broken(text VARCHAR(500)) RETURNS VARCHAR(500) DETERMINISTIC
   BEGIN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = text; RETURN text; END;
   CREATE OR REPLACE VIEW statement_transactions AS
   SELECT customer_id, account_id, id, status, posted_at, booking_date, value_date, amount, currency,
     balance_after, type, IF(customer_id = 'breaks', broken(description), description) AS description,
     counterparty_name, counterparty_account, reference, reversal_of
   FROM transactions;`,
].join("\n");
