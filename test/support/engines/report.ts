/**
 * The end of `make test-engines`: a table of the databases and stores, of what ran on each and what
 * it cannot do; when every suite has run on each, it goes into infra/databases-and-stores.md.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { format } from "prettier";
import type { Abilities } from "./abilities.ts";
import { abilitiesOfDatabase, abilitiesOfStore } from "./abilities.ts";
import { DATABASES, STORES } from "./chosen-engine.ts";
import { chosenEngines, databaseTests, storeTests, type EnginePair } from "./engines.ts";
import { startRclone } from "./rclone.ts";

const PAGE = join(import.meta.dirname, "../../../infra/databases-and-stores.md");
const BEGIN = "<!-- engines: written by make test-engines -->";
const END = "<!-- end of engines -->";

interface Suite {
  readonly database: string;
  readonly store: string;
  readonly suite: string;
  readonly passed: number;
  readonly failed: number;
}

const STORE_VERSIONS: Readonly<Record<string, readonly [name: string, version: string]>> = {
  versitygw: ["versitygw", "1.8.0"],
  seaweedfs: ["SeaweedFS", "4.48"],
  minio: ["MinIO", "of 12 February 2026"],
  "ceph-rgw": ["Ceph RGW", "20.2.4"],
};

/** What no registry of packages has. */
const NOT_RUN = [
  ["MySQL 8.0, 8.4", "no packages beside 9.7's", "", ""],
  ["Percona Server, Amazon Aurora and RDS", "no access", "", ""],
  [
    "ProxySQL, MaxScale, Vitess",
    "no access",
    "be known as such: a session that is shared out anew is refused by what it reads back",
    "make test TESTS=test/unit/server-session.test.ts",
  ],
  ["Amazon S3", "no access", "", ""],
] as const;

type Row = readonly [engine: string, version: string, ran: string, cannot: string, shown: string];

const suites = await readSuites();
const names = process.env["ENGINES"] ?? "all";
const chosen = chosenEngines(names);
const rows: Row[] = [];
for (const { database } of chosen) rows.push(await databaseRow(database));
for (const { store } of chosen) rows.push(await storeRow(store));
if (names === "all") {
  rows.push(await refusedStoreRow());
  for (const [engine, why, cannot, shown] of NOT_RUN) {
    const words = `not tested (${why}). Run \`statements doctor\` against it first.`;
    rows.push([engine, "", words, cannot, shown && `\`${shown}\``]);
  }
}
const table = await format(
  [
    "| Database or store | Version | Run | Cannot | Shown by |",
    "| --- | --- | --- | --- | --- |",
    ...rows.map((row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`),
  ].join("\n"),
  { parser: "markdown" },
);
console.log(`\n${table}`);
const suitesOf = ({ database, store }: EnginePair) =>
  databaseTests(database).length + storeTests(store).length;
const expected = chosen.reduce((sum, pair) => sum + suitesOf(pair), 0);
if (names === "all" && suites.length === expected) await intoPage(table.trimEnd());

async function readSuites(): Promise<readonly Suite[]> {
  const file = process.env["ENGINE_RESULTS"] ?? "out/engines.json";
  return JSON.parse(await readFile(file, "utf8")) as readonly Suite[];
}

/** Of the suites that ask this engine for something. */
function ranOn(isIts: (suite: Suite) => boolean): string {
  const own = suites.filter(isIts);
  const passed = own.reduce((sum, one) => sum + one.passed, 0);
  const wrong = own.filter(({ failed }) => failed > 0);
  const failed = wrong.reduce((sum, one) => sum + one.failed, 0);
  const count = `${own.length} ${own.length === 1 ? "suite" : "suites"}`;
  const words = `${passed} of ${passed + failed} tests in ${count}`;
  if (wrong.length === 0) return words;
  return `${words}; failed in ${wrong.map(({ suite }) => suite).join(", ")}`;
}

async function databaseRow(name: string): Promise<Row> {
  const [, engine = "", series = ""] = /^(mariadb|mysql)-(.*)$/.exec(name) ?? [];
  const words = name === "tidb" ? "TiDB" : `${engine === "mysql" ? "MySQL" : "MariaDB"} ${series}`;
  const ran = ranOn((one) => one.database === name && databaseTests(name).includes(one.suite));
  return await rowOf(words, ran, name, async () => {
    await using server = await DATABASES[name as keyof typeof DATABASES]();
    return await abilitiesOfDatabase(server);
  });
}

async function storeRow(name: string): Promise<Row> {
  const [words = name, version = ""] = STORE_VERSIONS[name] ?? [];
  const ran = ranOn((one) => one.store === name && storeTests(name).includes(one.suite));
  return await rowOf(words, ran, name, async () => {
    await using server = await STORES[name as keyof typeof STORES]();
    return await abilitiesOfStore(server, version);
  });
}

async function refusedStoreRow(): Promise<Row> {
  const [engine, version, , cannot] = await rowOf("rclone serve s3", "", "", async () => {
    await using server = await startRclone();
    return await abilitiesOfStore(server, "1.75.2");
  });
  const command = "`make test TESTS=test/component/create-only-probe.test.ts`";
  return [engine, version, "the probe at the start", cannot, command];
}

async function rowOf(
  engine: string,
  ran: string,
  name: string,
  ask: () => Promise<Abilities>,
): Promise<Row> {
  const shown = `\`make test-engines ENGINES=${name}\``;
  try {
    const { version, cannot } = await ask();
    return [engine, version, ran, cannot.join("; "), shown];
  } catch (error) {
    const [reason = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    return [engine, "", `not run: ${reason}`, "", shown];
  }
}

async function intoPage(section: string): Promise<void> {
  const text = await readFile(PAGE, "utf8");
  const [before, rest = ""] = text.split(BEGIN);
  const [, after] = rest.split(END);
  if (before === undefined || after === undefined) throw new Error(`no place for it in ${PAGE}`);
  await writeFile(PAGE, `${before}${BEGIN}\n\n${section}\n\n${END}${after}`);
}
