/** Where the rows are; the driver reads the address itself, and throws or writes to stderr what it does not take. */
import { isIP } from "node:net";
import * as z from "zod";
import { variable } from "./variables.ts";

/**
 * What may stand behind the question mark. Others of the driver's would change how rows are read (`compress`,
 * `nestTables`) or write them to the log (`debug`), and encryption is DATABASE_CA_FILE's matter.
 */
const PARAMETERS: readonly string[] = ["connectAttributes", "enableCleartextPlugin", "socketPath"];

export const DATABASE_URL = variable(
  z
    .string()
    .refine((value) => {
      const url = URL.parse(value);
      return url?.protocol === "mysql:" && url.hostname !== "";
    })
    .refine((value) => isDecodable(URL.parse(value)), {
      message: "has a percent sign that begins no escape: write %25 for one in a password",
    })
    .refine(
      (value) => [...(URL.parse(value)?.searchParams.keys() ?? [])].every(isKnown),
      `has a parameter that the builder does not take: it takes ${PARAMETERS.join(", ")}`,
    ),
  { expected: "a mysql URL", example: "mysql://user:password@database:3306/bank" },
);

/** Whether the host is an address and not a name; false for what is no URL. */
export function isOfAddress(databaseUrl: string): boolean {
  const host = URL.parse(databaseUrl)?.hostname ?? "";
  return isIP(host.replace(/^\[(.*)\]$/, "$1")) !== 0;
}

function isKnown(parameter: string): boolean {
  return PARAMETERS.includes(parameter);
}

/** What is no URL has a problem of its own. */
function isDecodable(url: URL | null): boolean {
  if (url === null) return true;
  try {
    for (const part of [url.username, url.password, url.hostname, url.pathname])
      decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}
