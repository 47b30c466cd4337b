/** Joins the parts of the page to what its server says: server-sent events, taken up again by themselves. */
import { makeFlow } from "./flow.js";
import { choosePeriod, makeForm } from "./form.js";
import { endInWords, makeRequests } from "./requests.js";
import { number } from "./words.js";

const PAGE_OF_ROWS = 20;
const COME_AGAIN_MS = 2_000;
const TYPING_PAUSE_MS = 250;
/** Ends are told together, so that many at once are one sentence. */
const SPEAK_AFTER_MS = 700;

const $ = (id) => document.getElementById(id);
const filter = $("filter");
/** The whole name of a request, where the address is about one alone. */
const only = new URLSearchParams(location.search).get("request") ?? undefined;
let limit = PAGE_OF_ROWS;
let source;
let ended = [];

const flow = makeFlow($("flow"), $("steps"));
let facts = { again: "Start what has served this page again." };
let requests;

function say(words) {
  $("said").textContent = words;
}

function speak() {
  say(endInWords(ended));
  ended = [];
}

// --- what the server says ------------------------------------------------------------------------

function connect() {
  source?.close();
  const request = only === undefined ? {} : { request: only };
  source = new EventSource(`page/live?${new URLSearchParams({ ...chosen(), ...request, limit })}`);
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
  showTroubles([`Nothing answers here any more. ${facts.again}`]);
  // An answer that is no stream, such as another program's on this port, ends a source for good.
  if (source?.readyState === EventSource.CLOSED) setTimeout(connect, COME_AGAIN_MS);
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

function showBoard({ totals, counts, matching, rows, hasMore, older }) {
  requests.show(rows);
  const all = Object.values(counts).reduce((sum, one) => sum + one, 0);
  for (const input of filter.elements.state) {
    const count = input.value === "" ? all : counts[input.value];
    input.nextElementSibling.querySelector("b").textContent = number(count);
  }
  for (const entry of $("counts").children) {
    entry.querySelector("dd").textContent = number(totals[entry.dataset.state]);
  }
  const isCut = matching > rows.length;
  const cut = isCut ? [`the newest ${rows.length} of ${number(matching)}`] : [];
  const rest = isCut && !hasMore ? ["narrow the filter to see others"] : [];
  const uncut = older > 0 ? [`${number(older)} older ones have ended and are only counted`] : [];
  $("matching").textContent = [...cut, ...rest, ...uncut].join("; ");
  $("more").hidden = !hasMore;
  $("nothing").hidden = rows.length > 0;
}

// --- what a person does --------------------------------------------------------------------------

/** What the filter has chosen: it stands in the address, so that it can be kept and sent. */
function chosen() {
  const { state, text } = Object.fromEntries(new FormData(filter));
  return { ...(state && { state }), ...(text.trim() && { text }) };
}

function refilter() {
  limit = PAGE_OF_ROWS;
  const query = new URLSearchParams(chosen()).toString();
  history.replaceState(null, "", query === "" ? location.pathname : `?${query}`);
  connect();
}

function readAddress() {
  const query = new URLSearchParams(location.search);
  for (const input of filter.elements.state) input.checked ||= input.value === query.get("state");
  filter.elements.text.value = query.get("text") ?? "";
  $("one").hidden = only === undefined;
  filter.hidden = only !== undefined;
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
  fetch("page/tick", { method: "POST" }).catch(away);
});

// --- once ----------------------------------------------------------------------------------------

/** What there is to say and to do depends on whose page it is. */
async function begin() {
  const answer = await fetch("page/facts");
  if (!answer.ok) throw new Error(`facts: ${answer.status}`);
  facts = await answer.json();
  const { place, tool, again, mayWrite, canTick, seesEvents, customers } = facts;
  document.title = `Statements: ${place}`;
  $("place").textContent = place;
  $("tool").textContent = tool;
  $("unseen").hidden = seesEvents;
  $("tick").hidden = !canTick;
  $("asking").hidden = !mayWrite;
  $("only-shows").hidden = mayWrite;
  document.body.classList.toggle("only-shows", !mayWrite);
  if (!mayWrite) {
    const skip = document.querySelector(".skip");
    skip.href = "#requests";
    skip.textContent = "Skip to the requests";
  }
  if (mayWrite) await beginForm(customers, again);
  requests = makeRequests($("rows"), $("row"), {
    keys: $("verification-keys"),
    mayWrite,
    only,
    say,
    onEnded(row) {
      if (ended.push(row) === 1) setTimeout(speak, SPEAK_AFTER_MS);
    },
  });
}

async function beginForm(customers, again) {
  const form = $("ask");
  fill($("customers"), customers);
  fill($("time-zones"), Intl.supportedValuesOf("timeZone"));
  await makeForm(form, again);
  const [first] = customers;
  if (first !== undefined) form.elements.customer_id.value = first;
  // The sample bank has its rows in the days that stand there.
  else choosePeriod(form, "Last year");
}

function fill(datalist, values) {
  datalist.replaceChildren(
    ...values.map((value) => Object.assign(document.createElement("option"), { value })),
  );
}

async function start() {
  try {
    await begin();
  } catch {
    away();
    setTimeout(start, COME_AGAIN_MS);
    return;
  }
  connect();
}

readAddress();
void start();
