/**
 * Rows, statements and log-ins leave this machine encrypted, unless somebody says that they need
 * not: a mesh or a tunnel may do it, and nothing here could see that.
 */
import type * as z from "zod";
import { isThisMachine } from "./this-machine.ts";

interface Database {
  readonly DATABASE_URL?: string | undefined;
  readonly DATABASE_CA_FILE?: string | undefined;
  readonly DATABASE_INSECURE: boolean;
}

interface Store {
  readonly S3_ENDPOINT?: string | undefined;
  readonly S3_INSECURE: boolean;
}

/** The schema, refusing a database without TLS on any other machine. */
export function withoutPlainDatabase<S extends z.ZodType<Database>>(schema: S): S {
  return schema.refine(
    ({ DATABASE_URL, DATABASE_CA_FILE, DATABASE_INSECURE }) =>
      DATABASE_CA_FILE !== undefined || DATABASE_INSECURE || isHere(DATABASE_URL),
    {
      path: ["DATABASE_CA_FILE"],
      message:
        "is missing: rows and the log-in would leave this machine in plain text, which DATABASE_INSECURE=true allows",
      when: () => true,
    },
  );
}

/** The schema, refusing a store without https on any other machine. */
export function withoutPlainStore<S extends z.ZodType<Store>>(schema: S): S {
  return schema.refine(
    ({ S3_ENDPOINT, S3_INSECURE }) =>
      S3_INSECURE || !/^http:/i.test(S3_ENDPOINT ?? "") || isHere(S3_ENDPOINT),
    {
      path: ["S3_ENDPOINT"],
      message:
        "is not https: statements would leave this machine in plain text, which S3_INSECURE=true allows",
      when: () => true,
    },
  );
}

/** What is no URL has a problem of its own. */
function isHere(url: string | undefined): boolean {
  const parsed = url === undefined ? null : URL.parse(url);
  return parsed === null || isThisMachine(parsed.hostname);
}
