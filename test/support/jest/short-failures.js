import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import process from "node:process";
import { stripVTControlCharacters } from "node:util";

/** Lines of a failed test, and of what its file has written to the console: together a screen. */
const MOST_LINES = 30;
const FOLDER = "out/failures";

/**
 * Leaves a failed test on one screen: what is more goes into a file, whose path stands in its place. It has to come
 * before the reporter that prints.
 */
export default class ShortFailures {
  onTestResult(test, result) {
    const whole = result.failureMessage;
    if (!whole && result.numFailingTests === 0) return;
    const said = (result.console ?? []).map(({ message }) => message);
    const file = join(FOLDER, `${basename(test.path)}.txt`);
    const short = partsOf(whole ?? "").map((part) => cut(part, file));
    const isShort = short.join("") === whole && said.join("\n").split("\n").length <= MOST_LINES;
    if (isShort) return;
    mkdirSync(FOLDER, { recursive: true });
    const all = [relative(process.cwd(), test.path), whole, ...said].join("\n");
    writeFileSync(file, stripVTControlCharacters(all));
    result.failureMessage = short.join("");
    if (result.console) result.console = shortened(result.console, file);
  }
}

/** Each failed test begins with a dot and its name, in colour or not. */
const partsOf = (text) => text.split(/^(?=\S* *\S*● )/m);

function cut(text, file) {
  const lines = text.split("\n");
  if (lines.length <= MOST_LINES) return text;
  const more = `… ${lines.length - MOST_LINES} lines more in ${file}`;
  return [...lines.slice(0, MOST_LINES), `    ${more}`, "", ""].join("\n");
}

/** The first ones that fit, without the frames that jest would print of each. */
function shortened(entries, file) {
  const kept = [];
  let lines = 0;
  for (const entry of entries) {
    lines += entry.message.split("\n").length;
    if (lines <= MOST_LINES) kept.push({ ...entry, origin: "" });
    else return [...kept, { ...entry, origin: "", message: `… the rest is in ${file}` }];
  }
  return kept;
}
