/** What happened, as a table: when, who, what, and what the answer was. */
export interface Story {
  readonly isTold: boolean;
  tell(who: string, what: string, answer?: string): void;
  table(): string;
}

export function makeStory(isTold: boolean, now: () => number): Story {
  const lines: (readonly [string, string, string, string])[] = [];
  return {
    isTold,
    tell(who, what, answer = "") {
      if (isTold) lines.push([(now() / 1000).toFixed(3), who, what, answer]);
    },
    table() {
      const head = ["seconds", "who", "what", "answer"] as const;
      const all = [head, ...lines];
      const widths = [0, 1, 2].map((column) =>
        Math.min(90, Math.max(...all.map((line) => (line[column] ?? "").length))),
      );
      return all
        .map((line) =>
          line
            .map((text, column) => text.padEnd(widths[column] ?? 0))
            .join("  ")
            .trimEnd(),
        )
        .join("\n");
    },
  };
}
