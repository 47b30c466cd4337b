/**
 * The transactions of the bench's bank in the order they were posted, all customers shuffled, as
 * lines for LOAD DATA, in the order of `COLUMNS`. The same size gives the same bytes on every machine.
 */
import { type Random, seededRandom } from "../../../infra/local/cluster/sample-bank/random.ts";
import { END_DAY, FIRST_DAY } from "../../../infra/local/cluster/sample-bank/transactions.ts";
import { type BankAccount, type BankSize, customersOf } from "./customers.ts";
import { makeLongTexts, makePaymentTexts } from "./texts.ts";

const SEED = 5;
const CHUNK_CHARACTERS = 256 * 1024;
const DAY_MICROS = 86_400_000_000;
const FIRST_MS = Date.parse(FIRST_DAY);
const SPAN_MICROS = (Date.parse(END_DAY) - FIRST_MS) * 1_000;
/** Beyond what a customer has booked, one in so many rows is pending. */
const PENDING_EVERY = 100;
const REVERSAL_SHARE = 0.005;

interface Account extends BankAccount {
  readonly customer: string;
  cents: number;
  lastId: number;
}

/** Chunks of whole lines. */
export function* bankRows(size: BankSize): Generator<string> {
  const random = seededRandom(SEED);
  const paymentText = makePaymentTexts(random);
  const longText = size.longTexts && makeLongTexts(random);
  const customers = customersOf(size).map(({ id, bookedRows, accounts }) => ({
    bookedRows,
    accounts: accounts.map((one): Account => ({ ...one, customer: id, cents: 0, lastId: 0 })),
  }));
  const turns = shuffledTurns(
    customers.map((one) => one.bookedRows),
    random,
  );
  const days = dayTexts();
  let chunk = "";
  for (let n = 0; n < turns.length; n++) {
    const turn = turns[n] ?? 0;
    const pending = (turn & 1) === 1;
    const accounts = customers[turn >> 1]?.accounts ?? [];
    const account = accounts[Math.floor(accounts.length * random() ** 2)] as Account;
    // Each row has its own slice of the two years.
    const micros = Math.floor(((n + random()) * SPAN_MICROS) / turns.length);
    const dayNumber = Math.floor(micros / DAY_MICROS);
    const day = days[dayNumber] ?? "";
    const time = timeText(micros % DAY_MICROS);
    const payment = paymentText(day);
    const id = n + 1;
    const reversal = !pending && account.lastId > 0 && random() < REVERSAL_SHARE;
    const magnitude = Math.ceil(payment.upTo * 10 ** (-3 * random()));
    const cents = payment.credit ? magnitude : -magnitude;
    if (!pending) account.cents += cents;
    const valueDate = random() < 0.9 ? day : (days[dayNumber + 1] ?? day);
    chunk +=
      `${id}\t${account.customer}\t${account.id}\t${pending ? "PDNG" : "BOOK"}\t${day} ${time}\t${day}\t` +
      `${valueDate}\t${money(cents)}\t${account.currency}\t${money(account.cents)}\t` +
      `${reversal ? "REVERSAL" : payment.type}\t${escaped(longText ? longText() : payment.description)}\t` +
      `${escaped(payment.name)}\t${escaped(payment.account)}\t${escaped(payment.reference)}\t` +
      `${reversal ? account.lastId : "\\N"}\n`;
    if (!pending) account.lastId = id;
    if (chunk.length < CHUNK_CHARACTERS) continue;
    yield chunk;
    chunk = "";
  }
  yield chunk;
}

/** Whose turn it is, row by row: the customer's index twice, plus one for a pending row. */
function shuffledTurns(bookedRows: readonly number[], random: Random): Uint32Array {
  const pending = bookedRows.map((rows) => Math.ceil(rows / PENDING_EVERY));
  const total = [...bookedRows, ...pending].reduce((sum, rows) => sum + rows, 0);
  const turns = new Uint32Array(total);
  let at = 0;
  bookedRows.forEach((rows, customer) => {
    turns.fill(customer * 2, at, (at += rows));
    turns.fill(customer * 2 + 1, at, (at += pending[customer] ?? 0));
  });
  for (let i = total - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    const swapped = turns[i] ?? 0;
    turns[i] = turns[other] ?? 0;
    turns[other] = swapped;
  }
  return turns;
}

function dayTexts(): readonly string[] {
  return Array.from({ length: SPAN_MICROS / DAY_MICROS }, (_, day) =>
    new Date(FIRST_MS + (day * DAY_MICROS) / 1_000).toISOString().slice(0, 10),
  );
}

/** `23:59:59.123456` */
function timeText(micros: number): string {
  const seconds = Math.floor(micros / 1e6);
  const two = (value: number): string => (value < 10 ? `0${value}` : String(value));
  const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return `${clock}.${String(micros % 1e6).padStart(6, "0")}`;
}

function money(cents: number): string {
  const digits = String(Math.abs(cents)).padStart(3, "0");
  return `${cents < 0 ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

function escaped(text: string | null): string {
  if (text === null) return "\\N";
  if (!/[\\\n\t]/.test(text)) return text;
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\t", "\\t");
}
