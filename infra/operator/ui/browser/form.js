/** The form: what it sends, and each problem at its field. */
import { choicesOf, chosenIn } from "./choices.js";
import { dayIn, periodsBefore } from "./dates.js";

/** Those that the form has of its own; the others are made from the schema. */
const OWN = ["customer_id", "start_date", "end_date", "time_zone"];

export async function makeForm(form, again) {
  const button = form.querySelector("button[type=submit]");
  const problem = form.querySelector("#ask-problem");
  const asked = form.querySelector("#asked");
  const choices = form.querySelector("#choices");
  const schema = await (await fetch("page/form")).json();
  choices.append(...choicesOf(schema, OWN));
  /** Sent again as it was when nobody knows whether it arrived: it is recorded once. */
  let unanswered;

  async function ask() {
    const data = { ...readOwn(form), ...chosenIn(choices, schema) };
    const text = JSON.stringify(data);
    const event =
      unanswered?.text === text
        ? unanswered.event
        : { id: crypto.randomUUID(), time: new Date().toISOString(), data };
    const { status, body } = await post(event, again);
    unanswered = status === 200 ? undefined : { text, event };
    show(body);
  }

  function show({ name, problems = [], words }) {
    clear();
    if (name !== undefined) {
      const link = Object.assign(document.createElement("a"), { textContent: name });
      link.href = `?${new URLSearchParams({ request: name })}`;
      asked.replaceChildren("Recorded as ", link, ".");
    }
    const elsewhere = problems.filter((one) => !mark(form, one));
    const lines = [...elsewhere.map((one) => `${one.field}: ${one.words}`), words ?? ""];
    problem.textContent = lines.join(" ").trim();
    problem.hidden = problem.textContent === "";
    form.querySelector("[aria-invalid=true]")?.focus();
  }

  function clear() {
    asked.textContent = "";
    problem.hidden = true;
    for (const one of form.querySelectorAll("[aria-invalid]")) {
      one.removeAttribute("aria-invalid");
      const others = (one.getAttribute("aria-describedby") ?? "").replace(/\S+-problem\s*/, "");
      if (others === "") one.removeAttribute("aria-describedby");
      else one.setAttribute("aria-describedby", others);
    }
    for (const one of form.querySelectorAll(".field > .problem")) one.remove();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (button.getAttribute("aria-disabled") === "true") return;
    // Not `disabled`, which would take the focus away.
    button.setAttribute("aria-disabled", "true");
    void ask().finally(() => button.removeAttribute("aria-disabled"));
  });
  form.querySelector("#presets").addEventListener("click", ({ target }) => {
    if (target.type !== "button") return;
    const name = target.textContent;
    const isChosen = choosePeriod(form, name);
    problem.textContent = isChosen
      ? ""
      : `${name} has no day that is over: choose the days yourself.`;
    problem.hidden = isChosen;
  });
}

/** What it is at the end of a day differs from zone to zone. @returns whether it has a day that is over */
export function choosePeriod(form, name) {
  const { start_date: start, end_date: end, time_zone: zone } = form.elements;
  const found = periodsBefore(dayIn(zone.value.trim()))[name];
  if (found) [start.value, end.value] = found;
  return found !== undefined;
}

/** As intake gets it: only what was filled in. */
function readOwn(form) {
  const filled = OWN.map((name) => [name, form.elements[name].value.trim()]);
  return Object.fromEntries(filled.filter(([, value]) => value !== ""));
}

async function post(event, again) {
  try {
    const answer = await fetch("page/requests", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(event),
    });
    return { status: answer.status, body: await answer.json() };
  } catch {
    return { status: 0, body: { words: `Nothing answers here. ${again} Then send it again.` } };
  }
}

/** Whether the form has such a field; a position in a list is left out. */
function mark(form, { field, words }) {
  const named = form.elements[field.replace(/\.?\[?\d+\]?$/, "")];
  const input = named instanceof RadioNodeList ? named[0] : named;
  const place = input?.closest?.(".field");
  if (!place) return false;
  const problem = document.createElement("p");
  problem.className = "problem";
  problem.id = `${field.replace(/\W/g, "-")}-problem`;
  problem.textContent = words;
  place.append(problem);
  place.closest("details")?.setAttribute("open", "");
  input.setAttribute("aria-invalid", "true");
  const about = input.getAttribute("aria-describedby");
  input.setAttribute("aria-describedby", [problem.id, about].filter(Boolean).join(" "));
  return true;
}
