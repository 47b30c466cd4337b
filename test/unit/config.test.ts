import { z } from "zod";
import {
  COMMON_VARIABLES,
  ConfigError,
  readConfig,
  withOwnPorts,
} from "../../functions/platform/settings/config.ts";
import { pendingScannerConfig } from "../../functions/pending-scanner/config.ts";
import { requestIntakeConfig } from "../../functions/request-intake/config.ts";
import { unknownVariables } from "../../functions/platform/settings/unknown-variables.ts";
import { operatorConfig } from "../../infra/operator/session/settings.ts";
import { builderConfig } from "../../functions/statement-builder/config.ts";
import { statusApiConfig } from "../../functions/status-api/config.ts";

const SINK = "http://broker/statements";
/** What no function starts without. */
const NEEDED = { K_SINK: SINK, IDENTITY: "none" };

function problemsOf(schema: z.ZodObject, env: Record<string, string>): readonly string[] {
  try {
    readConfig(schema, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe("readConfig", () => {
  it("has the contract's defaults", () => {
    expect(readConfig(requestIntakeConfig, NEEDED)).toEqual({
      PORT: 8080,
      METRICS_PORT: 9464,
      LOG_LEVEL: "info",
      IDENTITY: "none",
      OTEL_EXPORTER_OTLP_TIMEOUT: 10_000,
      OTEL_BSP_SCHEDULE_DELAY: 5_000,
      OTEL_TRACES_SAMPLER: "parentbased_always_on",
      OTEL_TRACES_SAMPLER_ARG: 1,
      CALLBACK_HOSTS: [],
      DRAIN_SECONDS: 20,
      LEDGER_NAMESPACE: "transaction-requests",
      K_SINK: SINK,
      STATEMENT_TIME_ZONE: "UTC",
      PERIOD_BASIS: "booking_date",
      MAX_PERIOD_MONTHS: 24,
      MAX_BODY_BYTES: 65_536,
      EVENT_WINDOW_DAYS: 29,
      RETENTION_DAYS: 30,
      PUBLIC_ROUTE: false,
      MAX_RECORDS_PER_SOURCE: 160_000,
      WAKEUPS_PER_CUSTOMER: 10,
      OUTCOME_REPEAT_SECONDS: 60,
    });
    expect(readConfig(pendingScannerConfig, NEEDED)).toMatchObject({
      TICK_CAP_PER_CUSTOMER: 5,
      BUILDER_CAPACITY: 8,
      OFFERS_ARE_JOBS: false,
      TICK_DEADLINE_SECONDS: 50,
      EVENT_WINDOW_DAYS: 29,
      RETENTION_DAYS: 30,
    });
  });

  it("names every bad or missing variable, what is expected and an example", () => {
    expect(
      problemsOf(requestIntakeConfig, {
        PORT: "http",
        LOG_LEVEL: "loud",
        K_CE_OVERRIDES: "{",
        K_CA_CERTS: "no certificate",
        MAX_PERIOD_MONTHS: "0",
        STATEMENT_TIME_ZONE: "Berlin",
        ALLOWED_SOURCES: "/a,,/b",
        LEDGER_NAMESPACE: "Not A Namespace",
        IDENTITY: "nobody",
      }),
    ).toEqual([
      "PORT is not valid; expected a whole number from 0 to 65535, for example 8080",
      "LOG_LEVEL is not valid; expected one of trace, debug, info, warn, error, fatal, silent, for example info",
      "LEDGER_NAMESPACE is not valid; expected the name of a Kubernetes namespace, for example transaction-requests",
      "K_CA_CERTS is not valid; expected certificates in PEM form, for example -----BEGIN CERTIFICATE-----…",
      "IDENTITY is not valid; expected none, where whoever reaches the port may send, or else OIDC_ISSUER, for example none",
      "K_SINK is missing; expected an http or https URL without a user and a password, for example http://broker-ingress.knative-eventing.svc.cluster.local/statements/statements",
      'K_CE_OVERRIDES is not JSON; expected JSON with an object of extension attributes, for example {"extensions":{"region":"eu"}}',
      "STATEMENT_TIME_ZONE is not valid; expected the name of an IANA time zone, for example Europe/Berlin",
      "MAX_PERIOD_MONTHS is not valid; expected a whole number from 1 to 1200, for example 24",
      "ALLOWED_SOURCES is not valid; expected event sources separated by commas, each with or without a subject in front, for example /mobile-app, system:serviceaccount:billing:api /billing",
    ]);
  });

  it("says what is expected of one that the tool may go without, too", () => {
    expect(problemsOf(operatorConfig, { S3_BUCKET: "B" })).toEqual([
      "S3_BUCKET is not valid; expected the name of a bucket, without two dots in a row and not an address, for example bank-statements",
    ]);
  });

  it.each(
    Object.entries({ requestIntakeConfig, pendingScannerConfig, builderConfig, statusApiConfig }),
  )("says of each setting what is expected: %s", (_, schema) => {
    const values = ["\u0000 no value ^", " "];
    const told = Object.keys(schema.shape).flatMap((name) => {
      const problems = values.flatMap((value) => problemsOf(schema, { [name]: value }));
      return problems.filter((one) => one.startsWith(`${name} is not valid`));
    });
    expect(told.length).toBeGreaterThan(10);
    for (const line of told)
      expect(line).toMatch(/^[A-Z0-9_]+ is not valid; expected .+, for example ./);
  });

  it("takes only certificates that can be read for such", () => {
    const K_CA_CERTS = "-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----";
    expect(problemsOf(requestIntakeConfig, { ...NEEDED, K_CA_CERTS })).toEqual([
      expect.stringMatching(/^K_CA_CERTS is not valid; expected certificates in PEM form/),
    ]);
  });

  it.each(["id", "subject", "time", "data"])("lets nobody replace %s of every event", (name) => {
    const K_CE_OVERRIDES = JSON.stringify({ extensions: { region: "eu", [name]: "1" } });
    expect(problemsOf(requestIntakeConfig, { ...NEEDED, K_CE_OVERRIDES })).toEqual([
      expect.stringMatching(/^K_CE_OVERRIDES is not valid; expected JSON with an object of ext/),
    ]);
  });

  it("takes only ports that there are for those of hosts", () => {
    const env = { ...NEEDED, CALLBACK_HOSTS: "hooks.example.com:65535, a.example" };
    expect(readConfig(requestIntakeConfig, env).CALLBACK_HOSTS).toEqual([
      "hooks.example.com:65535",
      "a.example:443",
    ]);
    expect(problemsOf(requestIntakeConfig, { ...env, CALLBACK_HOSTS: "a.example:65536" })).toEqual([
      expect.stringMatching(/^CALLBACK_HOSTS is not valid; expected names of hosts/),
    ]);
  });

  it("takes an empty string for a missing variable", () => {
    expect(problemsOf(z.object(COMMON_VARIABLES), { K_SINK: "" })).toEqual([
      expect.stringMatching(/^K_SINK is missing; /),
    ]);
    expect(readConfig(z.object(COMMON_VARIABLES), { K_SINK: SINK, PORT: "" }).PORT).toBe(8080);
  });

  it("never repeats a value, which may be a secret", () => {
    const env = { K_SINK: "secret-4711", PORT: "secret-4711", K_CE_OVERRIDES: '"secret-4711"' };
    const problems = problemsOf(z.object(COMMON_VARIABLES), env);
    expect(problems).toHaveLength(3);
    expect(problems.join()).not.toContain("4711");
  });

  it("reads overrides and lists", () => {
    const config = readConfig(requestIntakeConfig, {
      ...NEEDED,
      K_CE_OVERRIDES: '{"extensions":{"region":"eu"}}',
      ALLOWED_SOURCES: "/billing, /app",
    });
    expect(config.K_CE_OVERRIDES).toEqual({ region: "eu" });
    expect(config.ALLOWED_SOURCES).toEqual([{ source: "/billing" }, { source: "/app" }]);
  });
});

describe("decimals of currencies", () => {
  const BUILDER = {
    ...NEEDED,
    DATABASE_URL: "mysql://u@127.0.0.1/bank",
    S3_BUCKET: "statements",
  };

  it("are those of codes that ISO 4217 gives none", () => {
    const config = readConfig(builderConfig, { ...BUILDER, CURRENCY_DECIMALS: "XAU=4, BTC=5" });
    expect(config.CURRENCY_DECIMALS).toEqual([
      ["XAU", "4"],
      ["BTC", "5"],
    ]);
    expect(readConfig(builderConfig, BUILDER).CURRENCY_DECIMALS).toEqual([]);
  });

  it("takes a logo with the bank's name, which it says to those who do not see it", () => {
    const logo = { BANK_LOGO_FILE: "/etc/bank-logo/logo.svg" };
    const named = readConfig(builderConfig, { ...BUILDER, ...logo, BANK_NAME: "Bank of Oslo" });
    expect(named).toMatchObject(logo);
    expect(() => readConfig(builderConfig, { ...BUILDER, ...logo })).toThrow(
      "BANK_NAME is missing, and BANK_LOGO_FILE needs it",
    );
  });

  it("takes the bank's names, with the lines of its address", () => {
    const bank = { BANK_NAME: "Bank of Oslo", BANK_ADDRESS: "Storgata 1, 2. etg | 0155 Oslo" };
    const config = readConfig(builderConfig, { ...BUILDER, ...bank, BANK_BIC: "DNBANOKK" });
    expect(config).toMatchObject({
      BANK_NAME: "Bank of Oslo",
      BANK_BIC: "DNBANOKK",
      BANK_ADDRESS: ["Storgata 1, 2. etg", "0155 Oslo"],
      BANK_LEGAL: [],
    });
  });

  it.each([
    ["BANK_NAME", "Bank\u0007"],
    ["BANK_NAME", "Bank \u202Eknab"],
    ["BANK_NAME", "x".repeat(141)],
    ["BANK_BIC", "DNBANOK"],
    ["BANK_ADDRESS", "Storgata 1 || 0155 Oslo"],
    ["BANK_ADDRESS", "x".repeat(71)],
    // 4.48 to 1 on white; #767676 has 4.54.
    ["BANK_COLOUR", "#777777"],
    ["BANK_COLOUR", "red"],
    ["ACCOUNT_IBAN_COLUMN", "iban, name"],
  ])("%s=%s is refused", (variable, value) => {
    expect(problemsOf(builderConfig, { ...BUILDER, [variable]: value })).toEqual([
      expect.stringMatching(new RegExp(`^${variable} is not valid; expected `)),
    ]);
  });

  it.each([
    ["SSE_KMS_KEYS", "/retail alias/one, /retail alias/other"],
    ["SSE_KMS_CONTEXT", "tenant=one, tenant=other"],
  ])("%s says of a name one thing alone", (name, value) => {
    expect(problemsOf(builderConfig, { ...BUILDER, [name]: value })).toEqual([
      expect.stringMatching(new RegExp(`^${name} is not valid; expected `)),
    ]);
  });

  it.each(["EUR=4", "BTC=8", "btc=2", "BTC", "BTC=5, BTC=2"])(
    "%s is refused",
    (CURRENCY_DECIMALS) => {
      expect(problemsOf(builderConfig, { ...BUILDER, CURRENCY_DECIMALS })).toEqual([
        expect.stringMatching(/^CURRENCY_DECIMALS is not valid; expected codes to which ISO 4217/),
      ]);
    },
  );
});

describe("identity", () => {
  const ISSUER = { OIDC_ISSUER: "https://kubernetes.default.svc" };
  const half = [
    "OIDC_ISSUER and OIDC_AUDIENCE go together, and OIDC_ALLOWED_SUBJECTS needs both; expected an https URL, exactly as the issuer's tokens have it, for example https://kubernetes.default.svc.cluster.local",
  ];
  const AUDIENCE = { OIDC_AUDIENCE: "here" };

  const said =
    "; expected none, where whoever reaches the port may send, or else OIDC_ISSUER, for example none";

  it.each([
    [{ IDENTITY: "none" }, []],
    [{}, [`IDENTITY is missing, and OIDC_ISSUER as well: nobody said who may send${said}`]],
    [
      { IDENTITY: "none", ...ISSUER, ...AUDIENCE },
      [`IDENTITY is none, and OIDC_ISSUER is set${said}`],
    ],
    [{ ...ISSUER, ...AUDIENCE }, []],
    [{ ...ISSUER, ...AUDIENCE, OIDC_ALLOWED_SUBJECTS: "a, b*" }, []],
    [ISSUER, half],
    [AUDIENCE, half],
    [{ OIDC_ALLOWED_SUBJECTS: "a" }, half],
  ])("is whole, or said to be none: %j", (env, problems) => {
    for (const schema of [requestIntakeConfig, pendingScannerConfig])
      expect(problemsOf(schema, { K_SINK: SINK, ...env })).toEqual(problems);
  });

  it.each(["http://issuer.example", "issuer.example", "https://", "https://i.example/?a=b"])(
    "no issuer: %s",
    (OIDC_ISSUER) => {
      const problems = problemsOf(requestIntakeConfig, { K_SINK: SINK, ...AUDIENCE, OIDC_ISSUER });
      expect(problems.join()).toMatch(/^OIDC_ISSUER is not valid/);
    },
  );

  it.each([
    ["OIDC_ALLOWED_SUBJECTS", "system:serviceaccount:*:api"],
    ["OIDC_ALLOWED_SUBJECTS", "a b"],
    ["ALLOWED_SOURCES", "system:*:api /billing"],
    ["ALLOWED_SOURCES", "system:serviceaccount:billing:api may use /billing"],
  ])("%s has no entry that would match nobody: %s", (name, value) => {
    const env = { K_SINK: SINK, ...ISSUER, ...AUDIENCE, [name]: value };
    expect(problemsOf(requestIntakeConfig, env)).toEqual([
      expect.stringMatching(new RegExp(`^${name} is not valid; `)),
    ]);
  });

  it("a source may have the one sender that may use it, when senders are known", () => {
    const ALLOWED_SOURCES = "/app, system:serviceaccount:billing:api   /billing";
    const config = readConfig(requestIntakeConfig, {
      K_SINK: SINK,
      ...ISSUER,
      ...AUDIENCE,
      ALLOWED_SOURCES,
    });
    expect(config.ALLOWED_SOURCES).toEqual([
      { source: "/app" },
      { source: "/billing", sender: "system:serviceaccount:billing:api" },
    ]);
    expect(problemsOf(requestIntakeConfig, { ...NEEDED, ALLOWED_SOURCES })).toEqual([
      expect.stringMatching(
        /^ALLOWED_SOURCES names senders, and without OIDC_ISSUER none is known/,
      ),
    ]);
  });
});

it("is not public without tokens", () => {
  const env = { ...NEEDED, PUBLIC_ROUTE: "true" };
  expect(problemsOf(requestIntakeConfig, env)).toEqual([
    expect.stringMatching(/^PUBLIC_ROUTE is true, and without OIDC_ISSUER anybody outside might/),
  ]);
});

describe("a database with a CA of its own", () => {
  const env = { ...NEEDED, S3_BUCKET: "statements", DATABASE_CA_FILE: "/ca.pem" };

  it.each([
    ["mysql://reader@database.example/bank", []],
    [
      "mysql://reader@10.0.0.7:3306/bank",
      [
        "DATABASE_URL needs the host's name as its certificate has it, with DATABASE_CA_FILE; expected a mysql URL, for example mysql://user:password@database:3306/bank",
      ],
    ],
  ])("is named as in its certificate: %s", (DATABASE_URL, problems) => {
    expect(problemsOf(builderConfig, { ...env, DATABASE_URL })).toEqual(problems);
  });
});

describe("the address of the database", () => {
  const env = { ...NEEDED, S3_BUCKET: "statements", DATABASE_INSECURE: "true" };
  const NOT_VALID = "is not valid";
  const PERCENT = "has a percent sign that begins no escape: write %25 for one in a password";
  const PARAMETER =
    "has a parameter that the builder does not take: it takes connectAttributes, enableCleartextPlugin, socketPath";

  it.each([
    ["mysql//reader:secret-4711@db/bank", NOT_VALID],
    ["mysql://reader:secret-4711@db:99999/bank", NOT_VALID],
    ["postgres://reader:secret-4711@db/bank", NOT_VALID],
    ["mysql:///bank", NOT_VALID],
    ["mysql://reader:secret-4711%@db/bank", PERCENT],
    ["mysql://reader@db/bank?compress=true", PARAMETER],
    ["mysql://reader@db/bank?debug=true", PARAMETER],
    ["mysql://reader@db/bank?ssl-mode=REQUIRED", PARAMETER],
  ])("is refused before the driver reads it: %s", (DATABASE_URL, wrong) => {
    const shown = "; expected a mysql URL, for example mysql://user:password@database:3306/bank";
    const told = problemsOf(builderConfig, { ...env, DATABASE_URL });
    expect(told).toEqual([`DATABASE_URL ${wrong}${shown}`]);
    const [ofTool = "", ...more] = problemsOf(operatorConfig, { ...env, DATABASE_URL });
    expect([ofTool.split("; ")[0], more]).toEqual([`DATABASE_URL ${wrong}`, []]);
  });

  it.each([
    "mysql://reader:p%25w%40rd@db:3306/bank",
    "mysql://reader@db",
    "mysql://reader@localhost/bank?socketPath=/run/mysqld/mysqld.sock&enableCleartextPlugin=true",
  ])("is taken: %s", (DATABASE_URL) => {
    expect(problemsOf(builderConfig, { ...env, DATABASE_URL })).toEqual([]);
  });
});

describe("any value of any setting", () => {
  const OIDC = { OIDC_ISSUER: "https://issuer.example", OIDC_AUDIENCE: "a" };
  const BANK = { S3_BUCKET: "statements", DATABASE_URL: "mysql://reader@127.0.0.1/bank" };
  const whole = { ...NEEDED, ...BANK, ALLOWED_SOURCES: "billing /billing" };

  it.each(
    Object.entries({ requestIntakeConfig, pendingScannerConfig, builderConfig, statusApiConfig }),
  )("is taken, or told as that setting's problem, and not repeated: %s", (_, schema) => {
    const secret = "secret-4711";
    const values = [
      ...["", " ", "-1", "0", "1", "1e3", "99999999999999999999", "true", "none", "%", "{}", "[]"],
      ...["null", "\u0000", "../", "a..b", "=", ",", "|", `//${secret}`, `${secret}:${secret}@`],
      ...["http:", "https://", "https://[", "mysql:", "mysql://[", `mysql//u:${secret}@db`],
    ];
    const base = schema === statusApiConfig ? { ...OIDC, ...whole, IDENTITY: "" } : whole;
    expect(problemsOf(schema, schema === requestIntakeConfig ? NEEDED : base)).toEqual([]);
    for (const name of Object.keys(schema.shape)) {
      const problems = values.flatMap((value) => problemsOf(schema, { ...base, [name]: value }));
      expect(problems.filter((line) => line.includes(secret))).toEqual([]);
    }
  });
});

describe("settings that contradict each other or the store", () => {
  const env = { ...NEEDED, S3_BUCKET: "statements", DATABASE_URL: "mysql://reader@127.0.0.1/bank" };

  it.each([
    [{ S3_BUCKET: "bank..statements" }, "S3_BUCKET is not valid"],
    [{ S3_BUCKET: "192.168.1.7" }, "S3_BUCKET is not valid"],
    [{ S3_PREFIX: "../" }, "S3_PREFIX is not valid"],
    [{ S3_PREFIX: "a/./b/" }, "S3_PREFIX is not valid"],
    [{ S3_PREFIX: `${"a".repeat(900)}/` }, "S3_PREFIX is not valid"],
    [{ RETRY_MAX_SECONDS: "29" }, "RETRY_BASE_SECONDS must be at most RETRY_MAX_SECONDS"],
    [
      { DATABASE_URL: "mysql://reader@[::1]/bank", DATABASE_CA_FILE: "/ca.pem" },
      "DATABASE_URL needs the host's name as its certificate has it, with DATABASE_CA_FILE",
    ],
  ])("%j", (change, wrong) => {
    const lines = problemsOf(builderConfig, { ...env, ...change });
    expect(lines.map((line) => line.split("; ")[0])).toEqual([wrong]);
  });

  it.each([
    [{ S3_BUCKET: "bank.statements-2.eu", S3_PREFIX: "a.b/..c/.d/" }],
    [{ RETRY_BASE_SECONDS: "30", RETRY_MAX_SECONDS: "30" }],
  ])("and others do not: %j", (change) => {
    expect(problemsOf(builderConfig, { ...env, ...change })).toEqual([]);
  });

  it("one port cannot serve events and metrics, unless each takes a free one", () => {
    const problem = /^METRICS_PORT is that of PORT; /;
    const schema = withOwnPorts(pendingScannerConfig);
    expect(problemsOf(schema, { ...NEEDED, PORT: "9464" })).toEqual([
      expect.stringMatching(problem),
    ]);
    expect(problemsOf(schema, { ...NEEDED, PORT: "0", METRICS_PORT: "0" })).toEqual([]);
  });

  it("an issuer has no password in its address, which the log would have", () => {
    const OIDC_ISSUER = "https://reader:secret-4711@issuer.example";
    const env = { K_SINK: SINK, OIDC_ISSUER, OIDC_AUDIENCE: "intake" };
    expect(problemsOf(requestIntakeConfig, env)).toEqual([
      expect.stringMatching(/^OIDC_ISSUER is not valid; /),
    ]);
  });
});

describe("an address", () => {
  const NOT_VALID =
    "is not valid; expected an http or https URL without a user and a password, for example ";

  it.each([
    " http://store.example",
    "http://store.example ",
    "ht\ntp://store.example",
    "http:store.example",
    "http:///store.example",
    "http://reader:secret-4711@store.example",
    "http://reader@store.example",
    "mysql://store.example",
  ])("that others would read differently, or that has a secret in it: %j", (address) => {
    const needed = {
      ...NEEDED,
      S3_BUCKET: "statements",
      S3_INSECURE: "true",
      DATABASE_URL: "mysql://reader@127.0.0.1/bank",
    };
    for (const name of ["S3_ENDPOINT", "K_SINK", "OTEL_EXPORTER_OTLP_ENDPOINT"]) {
      expect(problemsOf(builderConfig, { ...needed, [name]: address })).toEqual([
        expect.stringMatching(new RegExp(`^${name} ${NOT_VALID}http`)),
      ]);
    }
  });
});

describe("plain text", () => {
  const REMOTE = { DATABASE_URL: "mysql://reader@database.example/bank" };
  const LOCAL = { DATABASE_URL: "mysql://reader@127.0.0.1/bank" };
  const STORE = { S3_ENDPOINT: "http://store.example:9000" };
  const database =
    "DATABASE_CA_FILE is missing: rows and the log-in would leave this machine in plain text, which DATABASE_INSECURE=true allows";
  const store =
    "S3_ENDPOINT is not https: statements would leave this machine in plain text, which S3_INSECURE=true allows";

  it.each([
    [REMOTE, [database]],
    [{ ...REMOTE, DATABASE_CA_FILE: "/ca.pem" }, []],
    [{ ...REMOTE, DATABASE_INSECURE: "true" }, []],
    [{ ...REMOTE, S3_INSECURE: "true" }, [database]],
    [{ DATABASE_URL: "mysql://reader@127.0.0.1.example/bank" }, [database]],
    [{ DATABASE_URL: "mysql://reader@localhost:3306/bank" }, []],
    [{ DATABASE_URL: "mysql://reader@[::1]:3306/bank" }, []],
    [LOCAL, []],
    [{ ...LOCAL, ...STORE }, [store]],
    [{ ...LOCAL, S3_ENDPOINT: "HTTP://store.example" }, [store]],
    [{ ...LOCAL, ...STORE, S3_INSECURE: "true" }, []],
    [{ ...LOCAL, ...STORE, DATABASE_INSECURE: "true" }, [store]],
    [{ ...LOCAL, S3_ENDPOINT: "https://store.example" }, []],
    [{ ...LOCAL, S3_ENDPOINT: "http://localhost:9000" }, []],
    [{ ...REMOTE, ...STORE }, [database, store]],
  ])("leaves this machine only where somebody said so: %j", (env, problems) => {
    expect(problemsOf(builderConfig, { ...NEEDED, S3_BUCKET: "statements", ...env })).toEqual(
      problems,
    );
    expect(problemsOf(operatorConfig, env)).toEqual(problems);
  });
});

describe("Node's switch that turns off TLS", () => {
  const OFF = { NODE_TLS_REJECT_UNAUTHORIZED: "0" };
  const told: unknown = expect.stringMatching(
    /^NODE_TLS_REJECT_UNAUTHORIZED is 0: .* take it away/,
  );

  it("is refused by every program, beside other problems", () => {
    expect(problemsOf(requestIntakeConfig, { ...NEEDED, ...OFF })).toEqual([told]);
    expect(problemsOf(operatorConfig, OFF)).toEqual([told]);
    const bad = problemsOf(requestIntakeConfig, { ...NEEDED, ...OFF, PORT: "http" });
    expect(bad).toEqual([expect.stringMatching(/^PORT is not valid/), told]);
  });

  it("is no matter as Node has it", () => {
    const on = { ...NEEDED, NODE_TLS_REJECT_UNAUTHORIZED: "1" };
    expect(problemsOf(requestIntakeConfig, on)).toEqual([]);
  });
});

describe("variables that nobody reads", () => {
  const known = [
    "OIDC_ISSUER",
    "OIDC_ALLOWED_SUBJECTS",
    "LEDGER_NAMESPACE",
    "PORT",
    "K_SINK",
    "AWS_REGION",
    "OTEL_SERVICE_NAME",
    "ALLOWED_SOURCES",
  ];

  it.each([
    ["ODIC_ISSUER", "OIDC_ISSUER"],
    ["OIDC_ISUER", "OIDC_ISSUER"],
    ["OIDC_SUBJECTS", "OIDC_ISSUER"],
    ["LEDGER_NAMSEPACE", "LEDGER_NAMESPACE"],
    ["ALOWED_SOURCE", "ALLOWED_SOURCES"],
    ["OTEL_SERVICE_NAMES", "OTEL_SERVICE_NAME"],
  ])("%s is meant for %s, or for nothing", (name, nearest) => {
    expect(unknownVariables(known, { [name]: "a value", HOME: "/" })).toEqual([{ name, nearest }]);
  });

  it.each([
    "OIDC_ISSUER",
    "HOME",
    "K_SERVICE",
    "AWS_PROFILE",
    "OTEL_SDK_DISABLED",
    "SORT",
    "oidc_issuer",
  ])("%s is not", (name) => {
    expect(unknownVariables(known, { [name]: "a value" })).toEqual([]);
  });
});

describe.each([
  ["request-intake", requestIntakeConfig],
  ["pending-scanner", pendingScannerConfig],
])("%s: the window of events ends before the retention of records", (_, schema) => {
  const wrong = [
    "EVENT_WINDOW_DAYS is not less than RETENTION_DAYS; expected a whole number from 1 to 3650, for example 29",
  ];

  it.each([
    [{ EVENT_WINDOW_DAYS: "30" }, wrong],
    [{ RETENTION_DAYS: "10" }, wrong],
    [{ EVENT_WINDOW_DAYS: "7", RETENTION_DAYS: "8" }, []],
  ])("%j", (env, problems) => {
    expect(problemsOf(schema, { ...NEEDED, ...env })).toEqual(problems);
  });

  it("is reported beside the other problems", () => {
    const problems = problemsOf(schema, { EVENT_WINDOW_DAYS: "30", PORT: "x" });
    expect(problems.map((line) => line.split(" ")[0])).toEqual([
      "PORT",
      "K_SINK",
      "EVENT_WINDOW_DAYS",
      "IDENTITY",
    ]);
  });
});

describe("status-api", () => {
  const OIDC = { OIDC_ISSUER: "https://issuer.example", OIDC_AUDIENCE: "status-api" };
  const SUBJECT = "system:serviceaccount:billing:api";

  it("has the contract's defaults", () => {
    const env = { ...OIDC, ALLOWED_SOURCES: `${SUBJECT} /billing` };
    expect(readConfig(statusApiConfig, env)).toMatchObject({
      ALLOWED_SOURCES: [{ sender: SUBJECT, source: "/billing" }],
      LINK_SECONDS: 300,
      S3_INSECURE: false,
    });
  });

  it.each<[string, Record<string, string>, readonly string[]]>([
    [
      "nobody asked",
      { IDENTITY: "none" },
      ["OIDC_ISSUER is missing", "ALLOWED_SOURCES is missing"],
    ],
    ["nothing said", {}, ["ALLOWED_SOURCES is missing", "OIDC_ISSUER is missing"]],
    ["half an issuer", { OIDC_AUDIENCE: "a" }, ["OIDC_ISSUER and", "ALLOWED_SOURCES is missing"]],
    ["no sources", OIDC, ["ALLOWED_SOURCES is missing"]],
    [
      "one source of anybody's",
      { ...OIDC, ALLOWED_SOURCES: `${SUBJECT} /billing, /web` },
      ["ALLOWED_SOURCES has a source without a subject in front"],
    ],
    [
      "a store in plain text",
      { ...OIDC, ALLOWED_SOURCES: `${SUBJECT} /billing`, S3_ENDPOINT: "http://s3.example" },
      ["S3_ENDPOINT is not https"],
    ],
    [
      "credentials that end nobody knows when",
      { ...OIDC, ALLOWED_SOURCES: `${SUBJECT} /billing`, AWS_SESSION_TOKEN: "t" },
      ["AWS_CREDENTIAL_EXPIRATION is missing"],
    ],
    [
      "a link for a day",
      { ...OIDC, ALLOWED_SOURCES: `${SUBJECT} /billing`, LINK_SECONDS: "86400" },
      ["LINK_SECONDS is not valid"],
    ],
  ])(
    "tells nobody anything without tokens, and a subject for every source: %s",
    (_, env, wrong) => {
      const problems = problemsOf(statusApiConfig, env);
      expect(problems).toHaveLength(wrong.length);
      for (const one of wrong)
        expect(problems).toContainEqual(expect.stringMatching(new RegExp(`^${one}`)));
    },
  );

  it("starts with what its refusals show as examples", () => {
    const example = (name: string, lines: readonly string[]): string =>
      lines.map((line) => new RegExp(`^${name} .*, for example (.*)$`).exec(line)?.[1])[0] ?? "";
    const env: Record<string, string> = {};
    for (;;) {
      const problems = problemsOf(statusApiConfig, env);
      const name = /^\w+/.exec(problems[0] ?? "")?.[0];
      if (name === undefined) break;
      expect(env).not.toHaveProperty(name);
      env[name] = example(name, problems);
      if (name === "OIDC_ISSUER") env["OIDC_AUDIENCE"] = "status-api";
    }
    expect(Object.keys(env).sort()).toEqual(["ALLOWED_SOURCES", "OIDC_AUDIENCE", "OIDC_ISSUER"]);
  });
});
