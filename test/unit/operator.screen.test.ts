/** Whatever the tool is given to write, it shows as text: nothing moves, hides or turns anything. */
import { PassThrough } from "node:stream";
import { makeScreen, printableLines } from "../../infra/operator/words/terminal.ts";

const UNSEEN = [
  "\u001b[2J",
  "\u001b]0;title\u0007",
  "\r",
  "\b",
  "\u009b31m",
  "\u202e",
  "\u2066",
  "\u200b",
  "\u2028",
  "\u{e0041}",
  "\ud800",
  "\t",
  "\n  forged line",
];

function written(write: (screen: ReturnType<typeof makeScreen>) => void): string {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()].map((one) =>
    one.setEncoding("utf8"),
  );
  if (!stdout || !stderr) throw new Error("no streams");
  write(
    makeScreen({
      stdout: Object.assign(stdout, { isTTY: true }),
      stderr: Object.assign(stderr, { isTTY: true }),
      signal: new AbortController().signal,
    }),
  );
  return String(stdout.read() ?? "") + String(stderr.read() ?? "");
}

const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

describe.each(UNSEEN)("%j", (hostile) => {
  test.each<[string, (screen: ReturnType<typeof makeScreen>) => void]>([
    ["printed", (screen) => screen.print(`a ${hostile} b`)],
    ["noted", (screen) => screen.note(`a ${hostile} b`)],
    ["painted", (screen) => screen.print(screen.paint("red", `a ${hostile} b`))],
  ])("%s", (_how, write) => {
    const text = written(write);
    expect(text.endsWith("\n")).toBe(true);
    // What the paint itself says, where colours are on.
    const shown = text.slice(0, -1).replaceAll("\u001b[31m", "").replaceAll("\u001b[39m", "");
    expect(shown).not.toMatch(HIDDEN);
    expect(shown).toMatch(/^a \\u[0-9a-f]{4}/);
  });

  test("shown as progress", () => {
    expect(written((screen) => screen.progress(`a ${hostile} b`))).not.toMatch(HIDDEN);
  });
});

test("a mark of paint that a text brings along stays text", () => {
  const text = written((screen) => {
    screen.paint("red", "x");
    screen.print("⟦00000000-0000-4000-8000-000000000000⟧");
  });
  expect(text).toBe("⟦00000000-0000-4000-8000-000000000000⟧\n");
});

test("JSON stays JSON, and says the same", () => {
  const value = { id: UNSEEN.join(" ") };
  const shown = printableLines(JSON.stringify(value, null, 2));
  expect(JSON.parse(shown)).toEqual(value);
  expect(shown.replaceAll("\n", "")).not.toMatch(HIDDEN);
});

test.each([[40], [undefined]])("what goes on stays on one line, of %s columns", (columns) => {
  const stderr = Object.assign(new PassThrough().setEncoding("utf8"), { isTTY: true });
  const screen = makeScreen({
    stdout: new PassThrough(),
    stderr: Object.assign(stderr, columns === undefined ? {} : { columns }),
    signal: new AbortController().signal,
  });
  screen.progress(`${"long-name-".repeat(20)}.zip: 45 % of 7 MB`);
  const shown = String(stderr.read());
  expect(shown).toHaveLength((columns ?? 80) - 1);
  expect(shown).toMatch(/^….*zip: 45 % of 7 MB$/);
});
