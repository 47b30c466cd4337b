/** What was found in a file: whether it is right, who made it, and, of one that is right, what is in it. */
import { number } from "./words.js";

/**
 * Reads lines of JSON as they come; the last one is what was found.
 *
 * @param onShare told how much of the file has been read, between 0 and 1
 */
export async function readInspection(answer, onShare) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let unread = "";
  let found = { words: "The answer broke off: try it again." };
  for (;;) {
    const { done, value = "" } = await reader.read();
    const lines = (unread + value).split("\n");
    unread = lines.pop();
    for (const line of lines) {
      const said = JSON.parse(line);
      if (said.share === undefined) found = said;
      else onShare(said.share);
    }
    if (done) return found;
  }
}

/** `ok`, `authentic`, `unchecked`: each a word of its own, with what it says. */
export function verdictsOf({ verdicts = [] }) {
  return verdicts.map(({ word, text }) => {
    const item = document.createElement("p");
    item.dataset.word = word;
    const strong = document.createElement("strong");
    strong.textContent = word;
    item.append(strong, `: ${text}`);
    return item;
  });
}

export function contentsOf({ contents }) {
  if (!contents) return [];
  const { files, fileCount, totals, totalCount, firstRows, rowCount } = contents;
  const [header = [], ...rows] = firstRows;
  return [
    table({
      caption: `Files${ofAll(files.length, fileCount)}`,
      header: ["name", "bytes", "rows"],
      numbers: [1, 2],
      rows: files.map(({ path, bytes, rows: inFile }) => [
        path,
        number(bytes),
        inFile === null ? "" : number(inFile),
      ]),
    }),
    table({
      caption: `Totals${ofAll(totals.length, totalCount)}`,
      header: ["account", "currency", "opening", "credits", "debits", "closing"],
      numbers: [2, 3, 4, 5],
      rows: totals.map(({ account_id: account, currency, opening, credits, debits, closing }) => [
        account,
        currency,
        opening,
        `${credits.sum} (${number(credits.count)})`,
        `${debits.sum} (${number(debits.count)})`,
        closing,
      ]),
    }),
    table({
      caption: `transactions.csv${ofAll(rows.length, rowCount)}`,
      header,
      numbers: header.flatMap((name, i) => (/^(line|amount|balance_after)$/.test(name) ? [i] : [])),
      rows,
    }),
  ];
}

const ofAll = (shown, all) =>
  shown < all ? `, the first ${shown} of ${number(all)}` : `: ${number(all)}`;

/** In a frame of its own that scrolls: the columns of a table are wider than a phone. */
function table({ caption, header, numbers, rows }) {
  const frame = document.createElement("div");
  frame.className = "table";
  frame.tabIndex = 0;
  frame.role = "region";
  frame.ariaLabel = caption;
  const all = document.createElement("table");
  all.createCaption().textContent = caption;
  const head = all.createTHead().insertRow();
  for (const name of header) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = name;
    head.append(cell);
  }
  const body = all.createTBody();
  for (const fields of rows) {
    const row = body.insertRow();
    for (const field of fields) row.insertCell().textContent = field;
  }
  for (const i of numbers) for (const row of all.rows) row.cells[i]?.classList.add("number");
  frame.append(all);
  return frame;
}
