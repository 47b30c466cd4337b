/** Where a command writes: results to stdout, everything said about them to stderr. */
import { styleText } from "node:util";

export interface Terminal {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal;
}

export type Colour = "red" | "yellow" | "green" | "cyan" | "gray";

export interface Screen {
  /** A line of the result. */
  print(line: string): void;
  /** A line about it. */
  note(line: string): void;
  /** The one line that changes while something goes on; nothing where nobody looks. */
  progress(text: string): void;
  /** Colour on a terminal only, as NO_COLOR and FORCE_COLOR ask. */
  paint(colour: Colour, text: string): string;
}

const CLEAR_LINE = "\r\u001b[K";

export function makeScreen({ stdout, stderr }: Terminal): Screen {
  let isShown = false;
  const clear = (): void => {
    if (isShown) stderr.write(CLEAR_LINE);
    isShown = false;
  };
  return {
    print(line) {
      clear();
      stdout.write(`${line}\n`);
    },
    note(line) {
      clear();
      stderr.write(`${line}\n`);
    },
    progress(text) {
      if (!stderr.isTTY) return;
      clear();
      stderr.write(text);
      isShown = text !== "";
    },
    // Node looks at the stream and the environment by itself.
    paint: (colour, text) => styleText(colour, text, { stream: stdout }),
  };
}
