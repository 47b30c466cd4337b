/**
 * Where a command writes: results to stdout, everything said about them to stderr. All of it passes
 * through here, because nearly all of it is from others: records, parked events, answers, zips. What
 * they say can neither move the cursor nor begin a line of its own.
 */
import { styleText } from "node:util";
import { printable } from "../../../functions/platform/telemetry/printable.ts";

export interface Terminal {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  /** What the user answers; undefined, as without it, where nobody sits in front. */
  readonly ask?: (question: string) => Promise<string | undefined>;
  /** From now on it is not left in the middle, though nobody reads any more what it prints. */
  readonly goOnUnread?: () => void;
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal;
}

export type Colour = "red" | "yellow" | "green" | "cyan" | "gray";

export interface Screen {
  /** A line of the result. */
  print(line: string): void;
  /** Several, such as JSON: of what was written so that its line ends are the tool's own. */
  printDocument(text: string): void;
  /** A line about it. */
  note(line: string): void;
  /** The one line that changes while something goes on; nothing where nobody looks. */
  progress(text: string): void;
  /** For a line that is printed: colour on a terminal only, as NO_COLOR and FORCE_COLOR ask. */
  paint(colour: Colour, text: string): string;
}

const PAINTED = /⟦[0-9a-f-]{36}⟧/g;

/** Of a text whose line ends are the tool's own. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

/** On one line, as that alone can be cleared; a text ends in what changes. */
function fitted(text: string, columns = USUAL_COLUMNS): string {
  return text.length < columns ? text : `…${text.slice(text.length - columns + 2)}`;
}

const USUAL_COLUMNS = 80;
const CLEAR_LINE = "\r\u001b[K";

export function makeScreen({ stdout, stderr }: Terminal): Screen {
  let isShown = false;
  const painted = new Map<string, string>();
  const show = (line: string): string =>
    printable(line).replaceAll(PAINTED, (mark) => {
      const text = painted.get(mark) ?? mark;
      painted.delete(mark);
      return text;
    });
  const clear = (): void => {
    if (isShown) stderr.write(CLEAR_LINE);
    isShown = false;
  };
  return {
    print(line) {
      clear();
      stdout.write(`${show(line)}\n`);
    },
    printDocument(text) {
      clear();
      stdout.write(printableLines(`${text}\n`));
    },
    note(line) {
      clear();
      stderr.write(`${show(line)}\n`);
    },
    progress(text) {
      if (!stderr.isTTY) return;
      clear();
      stderr.write(fitted(printable(text), stderr.columns));
      isShown = text !== "";
    },
    paint(colour, text) {
      // Only who has painted it knows the mark, so no text can bring colours of its own.
      const mark = `⟦${crypto.randomUUID()}⟧`;
      // Node looks at the stream and the environment by itself.
      painted.set(mark, styleText(colour, printable(text), { stream: stdout }));
      return mark;
    },
  };
}
