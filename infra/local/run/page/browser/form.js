/** The form: what it sends, and each problem at its field. */
import { shortName } from "./words.js";

export function makeForm(form) {
  const button = form.querySelector("button[type=submit]");
  const problem = form.querySelector("#ask-problem");
  const asked = form.querySelector("#asked");
  /** Sent again as it was when nobody knows whether it arrived: it is recorded once. */
  let unanswered;

  async function ask() {
    const data = readData(form);
    const text = JSON.stringify(data);
    const event =
      unanswered?.text === text
        ? unanswered.event
        : { id: crypto.randomUUID(), time: new Date().toISOString(), data };
    const { status, body } = await post(event);
    unanswered = status === 200 ? undefined : { text, event };
    show(body);
  }

  function show({ name, problems = [], words }) {
    clear();
    if (name !== undefined) asked.textContent = `Recorded as ${shortName(name)}.`;
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
      one.removeAttribute("aria-describedby");
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
}

/** As intake gets it: only what was filled in. */
function readData(form) {
  const fields = new FormData(form);
  const data = {};
  for (const name of ["customer_id", "start_date", "end_date", "time_zone", "language"]) {
    const value = fields.get(name)?.trim();
    if (value) data[name] = value;
  }
  const formats = fields.getAll("formats");
  if (formats.length > 0) data.formats = formats;
  for (const name of ["include_pending", "partial", "combined"])
    if (fields.has(name)) data[name] = true;
  return data;
}

async function post(event) {
  try {
    const answer = await fetch("/page/requests", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(event),
    });
    return { status: answer.status, body: await answer.json() };
  } catch {
    const words = "The run does not answer: is it still up? Then send it again.";
    return { status: 0, body: { words } };
  }
}

/** Whether the form has such a field. */
function mark(form, { field, words }) {
  const named = form.elements[field];
  const input = named instanceof RadioNodeList ? named[0] : named;
  const place = input?.closest?.(".field");
  if (!place) return false;
  const problem = document.createElement("p");
  problem.className = "problem";
  problem.id = `${field}-problem`;
  problem.textContent = words;
  place.append(problem);
  place.closest("details")?.setAttribute("open", "");
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", problem.id);
  return true;
}
