/** What a user would type instead of installing a product. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Candidate } from "../bench.ts";
import type { Stage } from "../stage.ts";
import { CSV_HEADER, csvSql } from "./statement-sql.ts";

/** `mariadb` with the statement's reader, one row a line, rows as they come, nothing escaped. */
const CLIENT =
  'mariadb --no-defaults --protocol=tcp --host=127.0.0.1 --port="$DB_PORT" --user="$DB_USER" ' +
  "--default-character-set=utf8mb4 -B -N -q -r";

const CSV = `{ printf '%s\\r\\n' "$HEADER"; ${CLIENT} -e "$CSV_SQL" bank; }`;

/** Resolves with what it printed. @throws Error when any command of a pipe fails */
export async function shell(
  stage: Stage,
  script: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { username, password } = new URL(stage.bank.databaseUrl);
  const child = spawn("bash", ["-c", `set -eu -o pipefail\n${script}`], {
    env: {
      ...stage.env,
      DB_PORT: String(stage.bank.port),
      DB_USER: username,
      MYSQL_PWD: password,
      ...variables,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`the shell line failed with ${String(code)}`);
  return printed;
}

/** SHA-256 of transactions.csv as SQL alone writes it. */
export async function referenceSha256(stage: Stage, customerId: string): Promise<string> {
  const variables = { HEADER: CSV_HEADER, CSV_SQL: csvSql(customerId) };
  return (await shell(stage, `${CSV} | sha256sum`, variables)).slice(0, 64);
}

/** Of the CSV in a zip, whichever entries are beside it. */
export async function csvSha256(stage: Stage, file: string, entry = ""): Promise<string> {
  const printed = await shell(stage, 'unzip -p "$FILE" $ENTRY | sha256sum', {
    FILE: file,
    ENTRY: entry,
  });
  return printed.slice(0, 64);
}

/** The shell line: SQL writes the CSV, zip and curl do the rest. */
export function cPipeline(stage: Stage, customerId: string, sha256: string): Candidate {
  const name = `${customerId}.zip`;
  return {
    name: "c-pipeline",
    servers: () => ({ mariadbd: stage.bank.pid, sink: stage.sink.process.pid }),
    ...checkedZip(stage, name, sha256),
    async run() {
      const { url, bucket } = stage.sink;
      await sendZip(stage, customerId, `${url}/${bucket}/${name}`);
      return {};
    },
  };
}

/** In the warm-up the CSV of the object `name` is compared with SQL's own; its size is a figure. */
export function checkedZip(
  stage: Stage,
  name: string,
  sha256: string,
): Required<Pick<Candidate, "prepare" | "check">> {
  let keptIn: string | undefined;
  return {
    async prepare({ warmUp }) {
      keptIn = warmUp ? await mkdtemp(join(stage.folder, "kept-")) : undefined;
      await stage.sink.keepIn(keptIn);
    },
    async check() {
      if (keptIn !== undefined) {
        if ((await csvSha256(stage, join(keptIn, name))) !== sha256) {
          throw new Error("its CSV is not the one that SQL writes");
        }
        await rm(keptIn, { recursive: true });
      }
      const answer = await fetch(`${stage.sink.url}/${stage.sink.bucket}/${name}`, {
        method: "HEAD",
      });
      return { zipBytes: Number(answer.headers.get("content-length")) };
    },
  };
}

async function sendZip(stage: Stage, customerId: string, url: string): Promise<void> {
  const variables = { HEADER: CSV_HEADER, CSV_SQL: csvSql(customerId), URL: url };
  await shell(stage, `${CSV} | zip -q -6 - - | curl --silent --fail -T - "$URL"`, variables);
}

/** The shell line once per statement, so many at a time; objects are `<customer>.zip` under `url`. */
export async function sendZips(
  stage: Stage,
  customers: readonly string[],
  { atOnce, url }: { readonly atOnce: number; readonly url: string },
): Promise<void> {
  const variables = {
    HEADER: CSV_HEADER,
    CSV_SQL: csvSql("THE_CUSTOMER"),
    URL: url,
    CUSTOMERS: customers.join(" "),
    AT_ONCE: String(atOnce),
  };
  await shell(
    stage,
    `running=0
    for customer in $CUSTOMERS; do
      if [ "$running" -lt "$AT_ONCE" ]; then running=$((running + 1)); else wait -n; fi
      { printf '%s\\r\\n' "$HEADER"; ${CLIENT} -e "\${CSV_SQL/THE_CUSTOMER/$customer}" bank; } |
        zip -q -6 - - | curl --silent --fail -T - "$URL/$customer.zip" &
    done
    wait`,
    variables,
  );
}
