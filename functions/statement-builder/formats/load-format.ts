import type { Format } from "../../domain/statement-options.ts";
import type { StatementFormat } from "./statement-format.ts";

/** Loaded with the first statement that asks for it: whoever asks for none pays for none. */
export async function loadFormat(name: Exclude<Format, "csv">): Promise<StatementFormat> {
  switch (name) {
    case "pdf":
      return (await import("./pdf/pdf.ts")).pdf;
    case "jsonl":
      return (await import("./jsonl.ts")).jsonl;
    case "camt.053":
      return (await import("./camt053/camt053.ts")).camt053;
    case "ofx":
      return (await import("./ofx/ofx.ts")).ofx;
  }
}
