import type { Format } from "../../domain/statement-options.ts";
import type { StatementFormat } from "./statement-format.ts";

/** Loaded with the first statement that asks for it: whoever asks for none pays for none. */
export async function loadFormat(name: Exclude<Format, "csv">): Promise<StatementFormat> {
  switch (name) {
    case "pdf":
    case "jsonl":
    case "camt.053":
    case "ofx":
      return await Promise.reject(new Error(`the format ${name} is not there yet`));
  }
}
