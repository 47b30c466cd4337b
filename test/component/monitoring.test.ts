/** Metrics, their table, the dashboard and the alerts: what one names, the others know. */
import { execFile } from "node:child_process";
import { copyFile, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { parse, stringify } from "yaml";
import { ERROR_CODES, meaningOf } from "../../functions/domain/failure.ts";
import { makeConfigMapLedger } from "../../functions/platform/ledger/configmap-ledger.ts";
import { REJECTED_PLACES } from "../../functions/platform/ledger/rejected-event.ts";
import { observedLedger } from "../../functions/platform/ledger/observed-ledger.ts";
import { NO_TRACER } from "../../functions/platform/telemetry/tracing.ts";
import {
  makeMetricsRegistry,
  type MetricsRegistry,
} from "../../functions/platform/telemetry/metrics-registry.ts";
import { countedSink, makeServerMetrics } from "../../functions/platform/server/server-metrics.ts";
import { makeScannerMetrics } from "../../functions/pending-scanner/metrics.ts";
import {
  countedCallbacks,
  makeBuilderMetrics,
} from "../../functions/statement-builder/telemetry/metrics.ts";
import { makeSourceMetrics } from "../../functions/statement-builder/telemetry/source-metrics.ts";
import { render } from "../support/cluster/kustomize.ts";
import { promtool } from "../support/programs/promtool.ts";

const run = promisify(execFile);
const INFRA = join(import.meta.dirname, "../../infra/kubernetes");
const COMPONENT = join(INFRA, "components/monitoring");

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly labels?: { readonly severity: string };
  readonly annotations?: Readonly<Record<string, string>>;
}
interface RuleTest {
  readonly tests: readonly {
    readonly alert_rule_test?: readonly {
      readonly alertname: string;
      readonly exp_alerts?: unknown;
    }[];
  }[];
}
interface Panel {
  readonly type: string;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
  readonly fieldConfig?: {
    readonly defaults?: { readonly thresholds?: { readonly steps: readonly unknown[] } };
    readonly overrides?: readonly {
      readonly properties: readonly { readonly id: string; readonly value: unknown }[];
    }[];
  };
}

const LIMITS = { perCustomer: 1, builderCapacity: 1, deadlineMs: 1 };

/** As the entry files wire them; that they do is what test/e2e/metrics.test.ts sees. */
const FUNCTIONS: Readonly<Record<string, (registry: MetricsRegistry) => void>> = {
  "request-intake": common,
  "pending-scanner": (registry) => {
    common(registry);
    makeScannerMetrics(registry, { limits: LIMITS, now: Date.now });
  },
  "statement-builder": (registry) => {
    common(registry);
    makeBuilderMetrics(registry);
    countedCallbacks({ send: () => Promise.resolve({ kind: "delivered" }) }, registry);
    makeSourceMetrics(registry);
  },
};

function common(registry: MetricsRegistry): void {
  makeServerMetrics(registry);
  countedSink({ send: () => Promise.resolve({ kind: "accepted" }) }, registry);
  observedLedger({} as ReturnType<typeof makeConfigMapLedger>, registry, NO_TRACER);
}

/** `name type labels functions`, sorted. */
function made(): readonly string[] {
  const rows = new Map<string, string[]>();
  for (const [name, make] of Object.entries(FUNCTIONS)) {
    const registry = makeMetricsRegistry();
    make(registry);
    for (const one of registry.described()) {
      const row = [one.name, one.type, one.labels.join(", ")].join(" | ");
      rows.set(row, [...(rows.get(row) ?? []), name]);
    }
  }
  return [...rows].map(([row, functions]) => `${row} | ${whose(functions)}`).toSorted();
}

const whose = (functions: readonly string[]): string =>
  functions.length === 3 ? "all" : functions.join(", ");

async function page(): Promise<string> {
  return await readFile(join(INFRA, "monitoring.md"), "utf8");
}

const { spec } = parse(await readFile(join(COMPONENT, "rules.yaml"), "utf8")) as {
  readonly spec: { readonly groups: readonly { readonly rules: readonly Rule[] }[] };
};
const rules = spec.groups.flatMap((group) => group.rules);
const alerts = rules.flatMap(({ alert }) => alert ?? []);
const { panels } = JSON.parse(await readFile(join(COMPONENT, "dashboard.json"), "utf8")) as {
  readonly panels: readonly Panel[];
};
function panelOf(title: string): Panel {
  const found = panels.find((panel) => panel.title === title);
  if (!found) throw new Error(`no panel ${title}`);
  return found;
}

const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "monitoring-"));
  await writeFile(join(folder, "rules.yaml"), stringify(spec));
}, 300_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test("the table has every metric, and no other", async () => {
  const row = /^\| `(transactions_collector_\w+)` *\| (\w+) *\| (.*?) *\| (.*?) *\|/gm;
  const rows = [...(await page()).matchAll(row)].map(([, name, type, labels = "", functions]) =>
    [name, type, labels.replaceAll("`", ""), functions].join(" | "),
  );
  expect(rows.toSorted()).toEqual(made());
});

test("no label can hold a customer, a record or a key", () => {
  const labels = made().flatMap((row) => row.split(" | ")[2]?.split(", ") ?? []);
  const closed = ["answer", "code", "end", "ending", "event", "operation", "outcome", "path"];
  const known = new Set(["", ...closed, "query", "result", "status"]);
  expect(labels.filter((label) => !known.has(label))).toEqual([]);
});

test("dashboard and rules ask for metrics and labels that exist", () => {
  const labelsOf = new Map(
    made().map((row) => {
      const [name = "", , labels = ""] = row.split(" | ");
      return [name, labels.split(", ")] as const;
    }),
  );
  const recorded = new Set(rules.flatMap(({ record }) => record ?? []));
  const target = ["namespace", "pod", "app_kubernetes_io_name"];
  const asked = [...queries, ...rules.map(({ expr }) => expr)];
  const unknown = asked.flatMap((expr) => {
    const names = [...expr.matchAll(/\btransactions_collector[\w:]*\w(\{[^}]*\})?/g)];
    return names.flatMap(([selector, matchers = ""]) => {
      const name = selector.replace(/\{.*/s, "");
      if (recorded.has(name)) return [];
      const labels = labelsOf.get(name) ?? labelsOf.get(name.replace(/_(bucket|count|sum)$/, ""));
      if (!labels) return [name];
      const own = name.endsWith("_bucket") ? [...labels, "le"] : labels;
      const used = [...matchers.matchAll(/(\w+) *(?:=|!)/g)].map(([, label = ""]) => label);
      return used.filter((label) => !own.includes(label) && !target.includes(label));
    });
  });
  expect(asked.length).toBeGreaterThan(30);
  expect(unknown).toEqual([]);
});

test("every metric is on the dashboard", () => {
  const shown = [...queries, ...rules.flatMap(({ record, expr }) => (record ? expr : []))].join(
    " ",
  );
  const names = made().map((row) => row.split(" ", 1).join(""));
  expect(names.filter((name) => !new RegExp(`${name}(_bucket|_count)?\\b`).test(shown))).toEqual(
    [],
  );
});

test("Prometheus reads the rules and every query of the dashboard", async () => {
  const inGrafana = (expr: string) => expr.replaceAll("$__rate_interval", "2m");
  const rule = (expr: string, i: number) => ({ record: `query:${i}`, expr: inGrafana(expr) });
  const groups = [...spec.groups, { name: "dashboard", rules: queries.map(rule) }];
  const file = join(folder, "all.yaml");
  await writeFile(file, stringify({ groups }));
  const { stdout } = await run(await promtool(), ["check", "rules", file]);
  expect(stdout).toContain(`SUCCESS: ${rules.length + queries.length} rules found`);
});

test("each alert fires when it should, and not before", async () => {
  await copyFile(
    join(import.meta.dirname, "monitoring.rules.yaml"),
    join(folder, "monitoring.rules.yaml"),
  );
  const tried = run(await promtool(), ["test", "rules", join(folder, "monitoring.rules.yaml")]);
  const { stdout } = await tried.catch((error: unknown) => error as { readonly stdout: string });
  expect(stdout).toContain("SUCCESS");
});

test("each alert is tried both ways, and has its row and its page", async () => {
  const text = await readFile(join(import.meta.dirname, "monitoring.rules.yaml"), "utf8");
  const tries = (parse(text) as RuleTest).tests.flatMap((one) => one.alert_rule_test ?? []);
  const firing = tries.filter((one) => one.exp_alerts).map((one) => one.alertname);
  const quiet = tries.filter((one) => !one.exp_alerts).map((one) => one.alertname);
  expect(new Set(firing)).toEqual(new Set(alerts));
  expect(new Set(quiet)).toEqual(new Set(alerts));
  const row = /^\| \[`(Statement\w+)`\]\(runbooks\/\1\.md\) *\| (\w+)/gm;
  const rows = [...(await page()).matchAll(row)].map(([, name, severity]) => [name, severity]);
  const severities = rules.flatMap(({ alert, labels }) =>
    alert ? [[alert, labels?.severity]] : [],
  );
  expect(rows.toSorted()).toEqual(severities.toSorted());
  const pages = (await readdir(join(INFRA, "runbooks"))).filter((name) => name.endsWith(".md"));
  expect(pages.toSorted()).toEqual(alerts.map((name) => `${name}.md`).toSorted());
});

test("an alert leads to its page, where an overlay says that pages are served", async () => {
  const address = "git.bank.example/statements/runbooks";
  const where = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "runbooks" } };
  const overlay = await mkdtemp(join(tmpdir(), "overlay-"));
  try {
    const from = relative(await realpath(overlay), INFRA);
    await writeFile(join(overlay, "runbooks.yaml"), stringify({ ...where, data: { address } }));
    const kustomization = {
      resources: [`${from}/base`, "runbooks.yaml"],
      components: [`${from}/components/monitoring`],
      transformers: [`${from}/runbooks`],
    };
    await writeFile(join(overlay, "kustomization.yaml"), stringify(kustomization));
    const found = (await render(overlay)).find(({ kind }) => kind === "PrometheusRule");
    const { groups } = found?.["spec"] as typeof spec;
    const urls = groups.flatMap((group) =>
      group.rules.flatMap(({ annotations }) => annotations?.["runbook_url"] ?? []),
    );
    expect(urls).toEqual(alerts.map((name) => `https://${address}/${name}.md`));
  } finally {
    await rm(overlay, { recursive: true });
  }
});

test("the dashboard's colours change where the alerts come", () => {
  const COLOURS: Readonly<Record<string, string>> = { warning: "orange", critical: "red" };
  const PANELS = {
    "Oldest pending": ["StatementsBacklogOld", "StatementsStuck"],
    "Age of the oldest pending": ["StatementsBacklogOld", "StatementsStuck"],
    "Since the last tick": ["StatementsNoTick"],
    "Oldest wish to cancel": ["StatementsCancelLate"],
    "Bytes of the ledger": ["StatementsParkedLarge", "StatementsLedgerLarge"],
  };
  for (const [title, names] of Object.entries(PANELS)) {
    const { steps = [] } = panelOf(title).fieldConfig?.defaults?.thresholds ?? {};
    const expected = names.map((name) => {
      const { expr = "", labels } = rules.find(({ alert }) => alert === name) ?? {};
      return { value: Number(/> (\d+)/.exec(expr)?.[1]), color: COLOURS[labels?.severity ?? ""] };
    });
    expect([title, steps]).toEqual([title, [{ value: null, color: "green" }, ...expected]]);
  }
});

test("the dashboard has each reason of a failure in words", () => {
  const words = panelOf("Failed in the last hour, by reason")
    .fieldConfig?.overrides?.flatMap(({ properties }) => properties)
    .find(({ id }) => id === "mappings");
  const expected = ERROR_CODES.map(
    (code, index) => [code, { text: meaningOf(code), index }] as const,
  );
  expect(words?.value).toEqual([{ type: "value", options: Object.fromEntries(expected) }]);
});

test("a wish to cancel is late when every wait of the settings is over, and two ticks more", async () => {
  const env = await readFile(join(INFRA, "base/statement-builder/settings.env"), "utf8");
  const setting = (name: string) => Number(new RegExp(`^${name}=(\\d+)$`, "m").exec(env)?.[1]);
  const { expr = "" } = rules.find(({ alert }) => alert === "StatementsCancelLate") ?? {};
  const bound = 2 * setting("LEASE_SECONDS") + setting("CLOCK_SKEW_SECONDS") + 2 * 60;
  expect(bound).toBe(270);
  expect(Number(/> (\d+)/.exec(expr)?.[1])).toBeGreaterThan(bound);
});

test("alerts by bytes are four fifths of what there is", () => {
  const threshold = (name: string) =>
    Number(/> (\d+)/.exec(rules.find(({ alert }) => alert === name)?.expr ?? "")?.[1]);
  expect(threshold("StatementsLedgerLarge") * 5).toBe((840_000_000 / 2) * 4);
  expect(threshold("StatementsParkedLarge") * 5).toBe(REJECTED_PLACES * 170 * 1_024 * 4);
});

test("the ledger's alert is four fifths of its quota", async () => {
  const quota = parse(await readFile(join(INFRA, "base/ledger/quota.yaml"), "utf8")) as {
    readonly spec: { readonly hard: Readonly<Record<string, string | number>> };
  };
  const { expr = "" } = rules.find(({ alert }) => alert === "StatementsLedgerNearQuota") ?? {};
  expect(Number(/> (\d+)/.exec(expr)?.[1]) * 5).toBe(
    Number(quota.spec.hard["count/configmaps"]) * 4,
  );
});
