/** What `statements doctor` says of a database: by the builder's own session, and never ok where it cannot see. */
import { BANK_SCHEMA } from "../support/bank/bank-schema.ts";
import { startTestMariaDb, type TestMariaDb } from "../support/servers/mariadb.ts";
import { makeTool } from "../support/operator/statements-tool.ts";
import { startTcpBalancer } from "../support/wire/tcp-balancer.ts";

const READER = `
  CREATE USER reader@'%' IDENTIFIED BY 'secret';
  GRANT SELECT ON bank.statement_accounts TO reader@'%';
  GRANT SELECT ON bank.statement_transactions TO reader@'%';
  GRANT SELECT ON bank.changed TO reader@'%';`;

let server: TestMariaDb;

beforeAll(async () => {
  server = await startTestMariaDb({ schema: BANK_SCHEMA });
  await given({});
  await server.execute(READER);
});
afterAll(() => server[Symbol.asyncDispose]());

const COLUMNS =
  "customer_id, account_id, id, status, posted_at, booking_date, value_date, amount, currency, balance_after, type, description, counterparty_name, counterparty_account, reference, reversal_of";

const OTHERS = COLUMNS.split(", ")
  .filter((name) => !["customer_id", "account_id", "currency"].includes(name))
  .join(", ");

/** The view of the transactions with other expressions in the place of some columns. */
async function given(expressions: Readonly<Record<string, string>>): Promise<void> {
  const selected = COLUMNS.split(", ").map((name) => `${expressions[name] ?? name} AS ${name}`);
  await server.execute(
    `CREATE OR REPLACE VIEW changed AS SELECT ${selected.join(", ")} FROM transactions`,
  );
}

/** What it says of the database, a line each, with the next step behind it. */
async function doctor(
  env: Readonly<Record<string, string>> = {},
  { port = server.port, user = "root" } = {},
): Promise<readonly string[]> {
  const password = user === "root" ? "" : "secret";
  const url = Object.assign(new URL(server.databaseUrl), { username: user, password });
  url.port = String(port);
  const tool = makeTool({ KUBECONFIG: "/none", DATABASE_URL: url.href, ...env });
  const { stdout } = await tool("doctor");
  const lines = stdout.replaceAll("\n    → ", " → ").trimEnd().split("\n");
  const ofDatabase = lines.slice(
    lines.findIndex((line) => line.includes("the bucket was not looked at")) + 1,
  );
  // There is no cluster here to ask.
  expect(ofDatabase[0]).toMatch(/^\?\? {2}it cannot be seen which views .+ → set .*STATEMENT_VIEW/);
  return ofDatabase.slice(1);
}

const levels = (lines: readonly string[]): string[] => lines.map((line) => line.slice(0, 2));

test("a database as it should be: all is ok, and said which it is", async () => {
  const lines = await doctor();
  expect(levels(lines)).toEqual(lines.map(() => "ok"));
  expect(lines[0]).toMatch(/takes the builder's session: \d+\.\d+\.\d+.* \(.+\)$/);
  expect(lines).toContain("ok  4 connections met one server");
  expect(lines).toContain("ok  the builder's snapshot opens");
});

test.each(["customer_id", "account_id"])("a computed %s is named", async (id) => {
  await given({ [id]: `CONCAT(${id}, '')` });
  // Whoever may not see the plan is told as well.
  for (const user of ["root", "reader"]) {
    const lines = await doctor({ STATEMENT_VIEW: "changed" }, { user });
    const named = lines.filter((line) => line.includes("is computed by the view"));
    expect(named).toEqual([
      expect.stringContaining(`??  ${id} of changed is computed by the view`),
    ]);
  }
});

test("columns that are bytes are named, and no others", async () => {
  await given({
    description: "CAST(description AS BINARY)",
    reference: "UNHEX('C3A4')",
    counterparty_name: "JSON_OBJECT('a', 1)",
    reversal_of: "CAST(id AS CHAR)",
  });
  const lines = await doctor({ STATEMENT_VIEW: "changed" });
  const named = lines.filter((line) => line.includes(" is bytes"));
  expect(named.map((line) => line.split(" of ")[0])).toEqual(["no  description", "no  reference"]);
});

test("columns that settings name are looked for, and must be texts", async () => {
  await server.execute(`CREATE OR REPLACE VIEW named AS SELECT customer_id, account_id, currency,
    product AS nickname, 42 AS product_no, CAST(product AS BINARY) AS holder FROM accounts`);
  await server.execute(
    "CREATE OR REPLACE VIEW coded AS SELECT *, 'PMNT-RCDT-ESCT' AS code FROM statement_transactions",
  );
  const lines = await doctor({
    ACCOUNT_VIEW: "named",
    ACCOUNT_IBAN_COLUMN: "iban",
    ACCOUNT_NAME_COLUMN: "NICKNAME",
    ACCOUNT_PRODUCT_COLUMN: "product_no",
    ACCOUNT_OWNER_COLUMN: "holder",
    STATEMENT_VIEW: "coded",
    TRANSACTION_CODE_COLUMN: "code",
  });
  const said = lines.filter((line) => / of named|_COLUMN/.test(line));
  expect(said.map((line) => line.split(" → ")[0])).toEqual([
    "no  ACCOUNT_IBAN_COLUMN names iban, and named has no such column",
    "ok  ACCOUNT_NAME_COLUMN: named has nickname, a text",
    "no  product_no of named, which ACCOUNT_PRODUCT_COLUMN names, is no text",
    "no  holder of named is bytes, of the character set binary, not text",
    "ok  TRANSACTION_CODE_COLUMN: coded has code, a text",
  ]);
});

test("a view that no index leads into, and one whose plan nobody shows", async () => {
  await given({ customer_id: "CONCAT(customer_id, '')", account_id: "CONCAT(account_id, '')" });
  const seen = await doctor({ STATEMENT_VIEW: "changed", PERIOD_BASIS: "posted_at" });
  expect(seen).toContainEqual(expect.stringContaining("no  the rows of a period"));
  const reader = await doctor({ STATEMENT_VIEW: "changed" }, { user: "reader" });
  expect(reader).toContainEqual(expect.stringContaining("??  it cannot be seen whether an index"));
  expect(reader.filter((line) => /^ok {2}.*index/.test(line))).toEqual([]);
});

test("a read-only server is a replica, whose snapshot opens only with a word on its age", async () => {
  await server.execute(
    "CREATE OR REPLACE VIEW watermark AS SELECT UTC_TIMESTAMP(6) - INTERVAL 1 HOUR AS upto",
  );
  await server.execute("SET GLOBAL read_only = 1");
  try {
    const lines = await doctor();
    expect(lines).toContainEqual(
      expect.stringContaining("??  this server is read-only, a replica"),
    );
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^no {2}the builder's snapshot does not open: .*STATEMENT_WATERMARK_VIEW/,
      ),
    );
    const allowed = await doctor({ REPLICA_WITHOUT_WATERMARK: "true" });
    expect(allowed).toContain("ok  the builder's snapshot opens");
    expect(levels(allowed)).toContain("??");
    const behind = await doctor({ STATEMENT_WATERMARK_VIEW: "watermark" });
    expect(behind).toContainEqual(expect.stringContaining("the data is 3600 s old"));
    const far = { STATEMENT_WATERMARK_VIEW: "watermark", MAX_STALENESS_SECONDS: "7200" };
    expect(levels(await doctor(far))).not.toContain("??");
  } finally {
    await server.execute("SET GLOBAL read_only = 0");
  }
});

test("a clock that is apart from this one is told", async () => {
  expect(await doctor()).toContain("ok  this clock and the database's agree");
  // Whose session begins an hour late, where the server itself does not.
  await server.execute("SET GLOBAL init_connect = 'SET timestamp = UNIX_TIMESTAMP() - 3600'");
  try {
    expect(await doctor({}, { user: "reader" })).toContainEqual(
      expect.stringMatching(/^no {2}the database's clock is 360\d s behind this one/),
    );
  } finally {
    await server.execute("SET GLOBAL init_connect = ''");
  }
});

test.each(["booking_date", "posted_at"])(
  "a collation that only the queries of balances meet is told, by %s",
  async (basis) => {
    await server.execute(`SET collation_connection = utf8mb4_slovak_ci;
      CREATE OR REPLACE VIEW alone AS SELECT customer_id, account_id, CONCAT('EU', 'R') AS currency, ${OTHERS}
      FROM transactions`);
    expect(await doctor({ STATEMENT_VIEW: "alone", PERIOD_BASIS: basis })).toContainEqual(
      expect.stringMatching(/^no {2}alone is not the view it should be: Illegal mix/),
    );
  },
);

test("several servers behind one address, and a router that hides ids", async () => {
  await using other = await startTestMariaDb({ schema: BANK_SCHEMA });
  await using balancer = await startTcpBalancer([server.port, other.port]);
  expect(await doctor({}, balancer)).toContainEqual(
    expect.stringContaining("??  the database's address leads to several servers: 2 in 4"),
  );
  await using router = await startTcpBalancer([server.port], { hidesIds: true });
  const lines = await doctor({}, router);
  expect(lines).toContainEqual(expect.stringContaining("??  a router is between here"));
  expect(lines).toContain("ok  4 connections met one server");
});

test("a view that is none, and a user that may do nothing", async () => {
  expect(await doctor({ ACCOUNT_VIEW: "nowhere" })).toContainEqual(
    expect.stringMatching(/^no {2}.*1146/),
  );
  await server.execute("CREATE OR REPLACE VIEW hidden AS SELECT * FROM statement_accounts");
  expect(await doctor({ ACCOUNT_VIEW: "hidden" }, { user: "reader" })).toContainEqual(
    expect.stringMatching(/^no {2}.*1142/),
  );
});
