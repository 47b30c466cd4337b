/** The list of requests: each keeps its element, so that focus and what is open stay. */
import { contentsOf, readInspection, verdictsOf } from "./contents.js";
import { clockTime, number, span } from "./words.js";

/** A shape for each state, as colour alone tells nothing to some. */
const SHAPES = {
  pending: "M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13M8 4.5V8l2.5 1.8",
  processing: "M8 1.5A6.5 6.5 0 1 1 1.5 8M8 5v6M5 8h6",
  executed: "M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13M5 8.2l2.2 2.2L11 6",
  failed: "M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13M5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4",
  cancelled: "M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13M5 8h6",
};
/** Its words say how long ago things were. */
const EXPLAIN_AGAIN_MS = 10_000;
const isOpen = ({ status }) => status === "pending" || status === "processing";

/**
 * @param mayWrite whether the page may cancel and try again
 * @param only the whole name of a request where one alone is shown: it is explained at once
 * @param say takes words for whoever cannot see the list
 */
export function makeRequests(list, template, { keys, mayWrite, only, onEnded, say }) {
  const items = new Map();

  function show(rows) {
    const isFirst = items.size === 0;
    for (const [name, item] of items) {
      if (rows.some((row) => row.name === name)) continue;
      item.element.remove();
      items.delete(name);
    }
    for (const [index, row] of rows.entries()) {
      const known = items.get(row.name);
      const item = known ?? makeItem(template, row.name, { keys, mayWrite, say });
      items.set(row.name, item);
      if (list.children[index] !== item.element)
        list.insertBefore(item.element, list.children[index]);
      const before = known?.row;
      if (JSON.stringify(before) !== JSON.stringify(row)) item.update(row);
      if (!known && row.name === only) item.element.querySelector("details").open = true;
      if (!isFirst && !isOpen(row) && before?.status !== row.status && (before || isRecent(row))) {
        onEnded(row);
      }
    }
  }

  setInterval(() => {
    for (const item of items.values()) if (isOpen(item.row)) item.updateTimes();
  }, 1_000);
  setInterval(() => {
    // Nobody's selected text is taken away.
    if (document.hidden || !document.getSelection().isCollapsed) return;
    for (const item of items.values()) item.keepExplained();
  }, EXPLAIN_AGAIN_MS);

  return { show };
}

/** A row that comes into the list by a filter ended long ago; one that was just asked for did not. */
const isRecent = ({ endedAt }) => Date.now() - endedAt < 3_000;

function makeItem(template, name, { keys, mayWrite, say }) {
  const element = template.content.firstElementChild.cloneNode(true);
  const part = (is) => element.querySelector(`[data-is=${is}]`);
  const details = element.querySelector("details");
  const address = `page/requests/${name}`;
  const item = { element, row: undefined, update, updateTimes, keepExplained };
  element.dataset.name = name;
  part("name").textContent = name;
  part("name").href = `?${new URLSearchParams({ request: name })}`;

  function update(row) {
    const statusChanged = item.row?.status !== row.status;
    item.row = row;
    element.dataset.state = row.status;
    element.querySelector(".state path").setAttribute("d", SHAPES[row.status]);
    part("status").textContent = row.isCancelling ? "cancelling" : row.status;
    part("customer").textContent = row.customerId;
    part("period").textContent = `${row.startDate} – ${row.endDate}, ${row.timeZone}`;
    part("result").textContent = row.result;
    part("advice").textContent = row.advice ?? "";
    part("share").hidden = row.share === undefined;
    part("share").value = row.share ?? 0;
    for (const one of element.querySelectorAll(".for-readers")) {
      one.textContent = `, ${row.customerId} ${row.startDate} to ${row.endDate}`;
    }
    offer(part("download"), row.file !== undefined);
    offer(part("verify"), row.file !== undefined);
    offer(part("retry"), mayWrite && row.status === "failed");
    offer(part("cancel"), mayWrite && isOpen(row) && !row.isCancelling);
    if (row.file !== undefined) {
      part("download").href = `${address}/statement`;
      part("download").download = row.file;
    }
    if (statusChanged) part("trouble").textContent = "";
    if (statusChanged && details.open) void explain();
    updateTimes();
  }

  /** What had the focus and goes away hands it on. */
  function offer(control, isThere) {
    if (control.hidden !== isThere) return;
    const hadFocus = document.activeElement === control;
    control.hidden = !isThere;
    if (hadFocus && !isThere) element.querySelector("summary").focus();
  }

  function updateTimes() {
    part("times").textContent = timesOf(item.row).join(" · ");
  }

  function keepExplained() {
    if (details.open) void explain();
  }

  async function explain() {
    const answer = await fetch(`${address}/explanation`).catch(() => undefined);
    // What was said before is better than nothing.
    if (!answer?.ok && part("explanation").childElementCount > 0) return;
    const { happened = [], next = [] } = answer?.ok ? await answer.json() : {};
    part("explanation").replaceChildren(
      ...section("What happened", happened),
      ...section("What comes next", next),
    );
  }

  /** The answer when it is good; else what is wrong is said. */
  async function act(what, body) {
    part("trouble").textContent = "";
    const answer = await fetch(`${address}/${what}`, { method: "POST", body }).catch(
      () => undefined,
    );
    if (answer?.ok) return answer;
    part("trouble").textContent = answer ? (await answer.json()).words : "Nothing answers here.";
    return undefined;
  }

  /** Proves the file, and shows what is in it. */
  async function verify() {
    const button = part("verify");
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    part("verdicts").replaceChildren();
    part("contents").replaceChildren();
    try {
      const answer = await act("inspection", JSON.stringify({ keys: keys.value }));
      const found = answer ? await readInspection(answer, showRead) : {};
      part("verdicts").replaceChildren(...verdictsOf(found));
      part("contents").replaceChildren(...contentsOf(found));
      if (found.words) part("trouble").textContent = found.words;
    } catch {
      part("trouble").textContent = "The answer broke off: try it again.";
    } finally {
      part("read").hidden = true;
      button.removeAttribute("aria-disabled");
    }
  }

  function showRead(share) {
    part("read").hidden = false;
    part("read").value = share;
  }

  /** Names are for the operator's tool. */
  async function copy() {
    const button = part("copy");
    const said = await navigator.clipboard.writeText(name).then(
      () => "Copied",
      () => "Not allowed",
    );
    button.firstChild.textContent = said;
    say(`${said}: ${name}`);
    setTimeout(() => (button.firstChild.textContent = "Copy name"), 2_000);
  }

  details.addEventListener("toggle", () => void (details.open && explain()));
  part("verify").addEventListener("click", () => void verify());
  part("copy").addEventListener("click", () => void copy());
  part("retry").addEventListener("click", () => void act("retry"));
  part("cancel").addEventListener("click", () => void act("cancel"));
  return item;
}

/** What the event does not wake at once waits for the clock. */
const TOLD_AFTER_MS = 2_000;

/** When it was asked for, each state since with its distance, and how long it waits. */
function timesOf(row) {
  const { recordedAt, endedAt, steps, attempt, nextAttemptAt, status } = row;
  const now = Date.now();
  const begun = steps
    .filter((step) => step.status === "processing")
    .slice(-3)
    .map((step) => `${nth(step.attempt)}processing +${span(step.at - recordedAt)}`);
  const end = endedAt === undefined ? [] : [`${status} +${span(endedAt - recordedAt)}`];
  const wait = isOpen(row) ? [`${status} for ${span(now - (steps.at(-1)?.at ?? recordedAt))}`] : [];
  const isLater = nextAttemptAt !== undefined && nextAttemptAt > now;
  const isDue = status === "pending" && !isLater && now - nextAttemptAt > TOLD_AFTER_MS;
  const next = isLater
    ? [`attempt ${attempt + 1} from ${clockTime(nextAttemptAt)}`]
    : isDue
      ? ["the scanner offers it when its turn comes"]
      : [];
  return [`asked ${clockTime(recordedAt)} by ${row.askedBy}`, ...begun, ...end, ...wait, ...next];
}

const nth = (attempt) => (attempt > 1 ? `attempt ${attempt} ` : "");

function section(title, lines) {
  if (lines.length === 0) return [];
  const heading = document.createElement("h4");
  heading.textContent = title;
  const paragraphs = lines.map((line) => {
    const paragraph = document.createElement("p");
    paragraph.textContent = line;
    return paragraph;
  });
  return [heading, ...paragraphs];
}

/** For whoever cannot see the list: `customer-000001: executed, 978 rows`. */
export function endInWords(rows) {
  if (rows.length > 3) return `${number(rows.length)} requests have ended.`;
  return rows
    .map((row) => `${row.customerId}: ${row.status}${row.result ? `, ${row.result}` : ""}`)
    .join(". ");
}
