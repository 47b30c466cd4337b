/** What may be chosen about a statement: fields made from the JSON Schema of the request's data. */

const SHOUTED = new Set(["bom", "csv", "url"]);
const DELIMITERS = { ",": "comma", ";": "semicolon", "\t": "tab", "|": "bar" };

/** `include_pending`: `Include pending`. */
function labelOf(name) {
  const [first = "", ...others] = name
    .split("_")
    .map((word) => (SHOUTED.has(word) ? word.toUpperCase() : word));
  return [first.charAt(0).toUpperCase() + first.slice(1), ...others].join(" ");
}

/** Fields for all properties but those that the form has of its own. */
export function choicesOf({ properties }, own) {
  return Object.entries(properties)
    .filter(([name]) => !own.includes(name))
    .map(([name, schema]) => field(name, name, schema));
}

function field(path, name, schema) {
  if (schema.type === "object") {
    const inner = Object.entries(schema.properties).map(([key, one]) =>
      field(`${path}.${key}`, key, one),
    );
    return group(path, name, schema, inner);
  }
  if (schema.type === "array") {
    // CSV is in every statement.
    const values = schema.items.enum.filter((value) => value !== "csv");
    return group(
      path,
      name,
      schema,
      values.map((value) => box(path, value, value)),
    );
  }
  const place = element("div", { className: "field" });
  const control = schema.type === "boolean" ? box(path, labelOf(name)) : input(path, name, schema);
  place.append(control);
  describe(place, place.querySelector("input, select"), path, schema);
  return place;
}

function group(path, name, schema, inner) {
  const set = element("fieldset", { className: "field" });
  set.dataset.field = path;
  set.append(element("legend", { textContent: labelOf(name) }), ...inner);
  describe(set, set, path, schema);
  return set;
}

/** A box that is empty says itself that it is not so unless somebody says it. */
const FALSE_UNLESS_SAID = / Default false\.$/;

function describe(place, control, path, { description = "" }) {
  if (description === "") return;
  const id = `about-${path.replaceAll(".", "-")}`;
  const words = element("p", {
    className: "about",
    id,
    textContent: description.replace(FALSE_UNLESS_SAID, ""),
  });
  if (place.tagName === "FIELDSET") place.querySelector("legend").after(words);
  else place.append(words);
  control.setAttribute("aria-describedby", id);
}

function box(path, text, value = "true") {
  const label = element("label", {});
  label.append(element("input", { type: "checkbox", name: path, value }), ` ${text}`);
  return label;
}

function input(path, name, { enum: values }) {
  const id = `choice-${path.replaceAll(".", "-")}`;
  const place = document.createDocumentFragment();
  const control = values
    ? element("select", { id, name: path })
    : element("input", { id, name: path, autocomplete: "off", spellcheck: false });
  place.append(element("label", { htmlFor: id, textContent: labelOf(name) }), control);
  if (values) {
    control.append(new Option("as the installation has it", ""));
    control.append(...values.map((value) => option(name, value)));
  }
  return place;
}

function option(name, value) {
  if (name !== "language") return new Option(DELIMITERS[value] ?? value, value);
  const names = new Intl.DisplayNames([value], { type: "language" });
  return Object.assign(new Option(names.of(value), value), { lang: value });
}

/** As intake gets it: only what was chosen. */
export function chosenIn(place, { properties }) {
  const data = {};
  for (const control of place.querySelectorAll("input, select")) {
    const value =
      control.type === "checkbox" ? control.checked && control.value : control.value.trim();
    if (!value) continue;
    const names = control.name.split(".");
    const last = names.pop();
    let [at, schema] = [data, { properties }];
    for (const one of names) {
      at = at[one] ??= {};
      schema = schema.properties[one];
    }
    const { type } = schema.properties[last];
    if (type === "array") (at[last] ??= []).push(value);
    else at[last] = type === "boolean" ? true : value;
  }
  return data;
}

const element = (name, properties) => Object.assign(document.createElement(name), properties);
