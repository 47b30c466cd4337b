/** Joins the parts of the page to what the run says: server-sent events, taken up again by themselves. */
import { makeFlow } from "./flow.js";
import { makeForm } from "./form.js";
import { endInWords, makeRequests } from "./requests.js";
import { number } from "./words.js";

const PAGE_OF_ROWS = 20;
const COME_AGAIN_MS = 2_000;
const TYPING_PAUSE_MS = 250;
/** Ends are told together, so that many at once are one sentence. */
const SPEAK_AFTER_MS = 700;

const $ = (id) => document.getElementById(id);
const filter = $("filter");
let limit = PAGE_OF_ROWS;
let source;
let ended = [];

const flow = makeFlow($("flow"), $("steps"));
const requests = makeRequests($("rows"), $("row"), $("verification-keys"), (row) => {
  if (ended.push(row) === 1) setTimeout(speak, SPEAK_AFTER_MS);
});
makeForm($("ask"));

function speak() {
  $("said").textContent = endInWords(ended);
  ended = [];
}

// --- what the run says ---------------------------------------------------------------------------

function connect() {
  source?.close();
  const { state, text } = Object.fromEntries(new FormData(filter));
  source = new EventSource(`/page/live?${new URLSearchParams({ state, text, limit })}`);
  source.onopen = () => connection("live", "live");
  source.onerror = away;
  on("board", showBoard);
  on("travels", flow.show);
  on("note", flow.note);
  on("troubles", showTroubles);
}

function on(event, act) {
  source.addEventListener(event, ({ data }) => act(JSON.parse(data)));
}

function away() {
  connection("away", "not connected");
  showTroubles([
    "The run does not answer. Is “make run” still up? Start it again in the project's folder: " +
      "this page goes on by itself.",
  ]);
  // An answer that is no stream, such as another program's on this port, ends a source for good.
  if (source.readyState === EventSource.CLOSED) setTimeout(connect, COME_AGAIN_MS);
}

function connection(state, words) {
  $("connection").dataset.state = state;
  if ($("connection").textContent !== words) $("connection").firstElementChild.textContent = words;
}

function showTroubles(words) {
  $("troubles").hidden = words.length === 0;
  $("troubles").firstElementChild.replaceChildren(
    ...words.map((text) => {
      const item = document.createElement("li");
      item.textContent = text;
      return item;
    }),
  );
}

function showBoard({ totals, counts, matching, rows }) {
  requests.show(rows);
  const all = Object.values(counts).reduce((sum, one) => sum + one, 0);
  for (const input of filter.elements.state) {
    const count = input.value === "" ? all : counts[input.value];
    input.nextElementSibling.querySelector("b").textContent = number(count);
  }
  for (const entry of $("counts").children) {
    entry.querySelector("dd").textContent = number(totals[entry.dataset.state]);
  }
  $("matching").textContent =
    matching > rows.length ? `the newest ${rows.length} of ${number(matching)}` : "";
  $("more").hidden = matching <= rows.length;
  $("nothing").hidden = rows.length > 0;
}

// --- what a person does --------------------------------------------------------------------------

function refilter() {
  limit = PAGE_OF_ROWS;
  connect();
}

let typing;
filter.addEventListener("input", (event) => {
  clearTimeout(typing);
  typing = setTimeout(refilter, event.target.type === "search" ? TYPING_PAUSE_MS : 0);
});
filter.addEventListener("submit", (event) => event.preventDefault());
$("more").addEventListener("click", () => {
  limit += 5 * PAGE_OF_ROWS;
  connect();
});
$("tick").addEventListener("click", () => {
  fetch("/page/tick", { method: "POST" }).catch(away);
});

// --- once ----------------------------------------------------------------------------------------

function fill(datalist, values) {
  datalist.replaceChildren(
    ...values.map((value) => Object.assign(document.createElement("option"), { value })),
  );
}

async function showFacts() {
  const { bucket, customers } = await (await fetch("/page/facts")).json();
  $("bucket-name").textContent = bucket;
  fill($("customers"), customers);
}

fill($("time-zones"), Intl.supportedValuesOf("timeZone"));
connect();
showFacts().catch(() => undefined);
