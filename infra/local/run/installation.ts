/** Everything a statement needs, started in order on this machine and ended in reverse. */
import type { Child } from "../programs/children.ts";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { byFunction, FUNCTION_NAMES } from "../../../functions/domain/function-names.ts";
import { startPrivateBank, useBank, type LocalBank, type PrivateBank } from "../cluster/bank.ts";
import { startFunction, type FunctionLaunch, type FunctionProcess } from "./function-processes.ts";
import { ensureNamespace, startLedgerApi } from "../cluster/ledger-api.ts";
import { startObjectStore, useObjectStore, type ObjectStore } from "../cluster/object-store.ts";
import { travelsOfEvent, troubleOf } from "./page/event-travels.ts";
import { openPage } from "./page/open-page.ts";
import type { Page } from "../../operator/ui/page.ts";
import { TOLD_TO_FUNCTIONS } from "../../operator/session/settings.ts";
import { guardedBase } from "../../operator/ui/who-may-ask.ts";
import { choosePorts, type LocalPorts } from "./ports.ts";
import type { DeliveryReport } from "../cluster/router/broker.ts";
import { isCron } from "../cluster/router/manifest-schema.ts";
import { startLocalRouter } from "../cluster/router/router.ts";
import type { LocalSettings, PortName } from "../settings.ts";

const EVENTING = join(import.meta.dirname, "../../../eventing");

/** Below the time after which a process that does not end is killed. */
const DRAIN_SECONDS = 8;

export interface Installation extends AsyncDisposable {
  readonly intakeUrl: string;
  /** To be opened in a browser. */
  readonly pageUrl: string;
  readonly databaseUrl: string;
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly objects: ObjectStore;
  /** For a tool beside it, by the names of the functions' variables. */
  readonly environment: Readonly<Record<string, string>>;
  /** For whoever fills the private bank. */
  readonly bankOwnerUrl?: string;
  /** The processes whose end would be the end of the run. */
  readonly children: readonly Child[];
}

export interface InstallationOptions {
  readonly settings: LocalSettings;
  /** Kept between starts. */
  readonly stateDir: string;
  readonly logDir: string;
  /** Takes one line when a part is there, or before it takes long. */
  readonly say: (part: string, what: string) => void;
  readonly onDelivery: (report: DeliveryReport) => void;
}

/** @throws Error with the next step; what was started by then is ended */
export async function startInstallation(options: InstallationOptions): Promise<Installation> {
  const { settings, stateDir, logDir, say } = options;
  await using opened = new AsyncDisposableStack();
  const { tickSchedule } = settings;
  if (tickSchedule !== undefined && !isCron(tickSchedule)) {
    const next = 'a cron schedule, such as "*/5 * * * * *" for every five seconds';
    throw new Error(`TICK_SCHEDULE is not valid: ${next}`);
  }
  const ports = await choosePorts(settings.portOffset, neededPorts(settings));
  await mkdir(stateDir, { recursive: true });
  await mkdir(logDir, { recursive: true });

  const bank = await openBank(options, ports, opened);
  say("database", bank.description);
  const kubeconfig = await openLedger(options, ports, opened);
  say(
    "ledger",
    settings.kubeconfig
      ? "the cluster of KUBECONFIG"
      : `Kubernetes API, port ${ports["Kubernetes API"]}`,
  );
  const objects = opened.use(await openObjects(settings, stateDir, ports));
  say("objects", settings.objectStore ? `your bucket ${objects.bucket}` : `S3, port ${ports.S3}`);

  const services = byFunction((name) => `http://127.0.0.1:${ports[name]}`);
  const base = pageBase(settings);
  const page: Page = opened.use(
    openPage({
      base,
      functions: services,
      logDir,
      kubeconfig,
      namespace: settings.namespace,
      client: objects.client,
      databaseUrl: bank.databaseUrl,
      tick: () => router.tick(),
    }),
  );

  let isUp = false;
  const router = opened.use(
    await startLocalRouter({
      eventing: EVENTING,
      services,
      port: ports.router,
      schedule: tickSchedule,
      onDelivery(report) {
        // A tick before its function is there is lost, as it would be in a cluster.
        if (!isUp) return;
        options.onDelivery(report);
        const trouble = troubleOf(report);
        if (trouble !== undefined) page.note(trouble);
      },
      onEvent: (report) => page.travelled(travelsOfEvent(report)),
      answerOther: page.answer,
    }),
  );
  say("events", `router over eventing/, port ${ports.router}`);

  const env = {
    DRAIN_SECONDS: String(DRAIN_SECONDS),
    KUBECONFIG: kubeconfig,
    LEDGER_NAMESPACE: settings.namespace,
  };
  // Intake comes first: the others may park events there.
  const launches = FUNCTION_NAMES.map((name) => ({
    name,
    port: ports[name],
    logDir,
    env: {
      ...env,
      ...router.environmentOf(name),
      ...(name === "statement-builder" && { ...objects.env, DATABASE_URL: bank.databaseUrl }),
    },
  }));
  const functions = await startFunctions(launches, opened);
  isUp = true;
  // First of all when it ends: what the functions still send is dropped, and the ledger owes it.
  opened.defer(() => router.pause());
  say("functions", FUNCTION_NAMES.map((name) => `${name} ${ports[name]}`).join(", "));

  const closing = opened.move();
  const intakeUrl = `http://127.0.0.1:${ports["request-intake"]}/`;
  return {
    intakeUrl,
    pageUrl: `http://${base === "/" ? "localhost" : "127.0.0.1"}:${ports.router}${base}`,
    databaseUrl: bank.databaseUrl,
    kubeconfig,
    namespace: settings.namespace,
    objects,
    environment: {
      ...toldToFunctions(process.env),
      KUBECONFIG: kubeconfig,
      LEDGER_NAMESPACE: settings.namespace,
      INTAKE_URL: intakeUrl,
      DATABASE_URL: bank.databaseUrl,
      ...objects.env,
    },
    ...("pid" in bank && { bankOwnerUrl: bank.ownerUrl }),
    children: [...functions, ...("pid" in bank ? [{ name: "MariaDB", pid: bank.pid }] : [])],
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

/** The functions have the environment of this process, and whoever asks later may not. */
function toldToFunctions(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const told = TOLD_TO_FUNCTIONS.map((name) => [name, env[name] ?? ""] as const);
  return Object.fromEntries(told.filter(([, value]) => value !== ""));
}

/**
 * Of a sample anybody on this machine may see everything. Where something is not one, the page acts with its
 * owner's rights, and its address is for the owner alone, as that of `statements ui`.
 */
function pageBase({ databaseUrl, kubeconfig, objectStore }: LocalSettings): string {
  const isSample = [databaseUrl, kubeconfig, objectStore].every((one) => one === undefined);
  return isSample ? "/" : guardedBase();
}

/** All at once; when one does not start, those that did are ended with the rest. */
async function startFunctions(
  launches: readonly FunctionLaunch[],
  opened: AsyncDisposableStack,
): Promise<readonly FunctionProcess[]> {
  const starts = await Promise.allSettled(launches.map(startFunction));
  const started = starts.filter((one) => one.status === "fulfilled").map((one) => one.value);
  for (const one of started) opened.defer(() => one.stop());
  const failed = starts.find((one) => one.status === "rejected");
  if (failed) throw failed.reason;
  return started;
}

function neededPorts(settings: LocalSettings): readonly PortName[] {
  return [
    "router",
    ...FUNCTION_NAMES,
    ...(settings.kubeconfig ? [] : (["Kubernetes API"] as const)),
    ...(settings.objectStore ? [] : (["S3"] as const)),
    ...(settings.databaseUrl ? [] : (["MariaDB"] as const)),
  ];
}

async function openBank(
  { settings, stateDir, say }: InstallationOptions,
  ports: LocalPorts,
  opened: AsyncDisposableStack,
): Promise<LocalBank | PrivateBank> {
  if (settings.databaseUrl) return await useBank(settings.databaseUrl);
  const log = (line: string): void => say("database", line);
  return opened.use(await startPrivateBank({ stateDir, port: ports.MariaDB, log }));
}

async function openLedger(
  { settings, stateDir }: InstallationOptions,
  ports: LocalPorts,
  opened: AsyncDisposableStack,
): Promise<string> {
  const kubeconfig =
    settings.kubeconfig ??
    opened.use(await startLedgerApi(stateDir, ports["Kubernetes API"])).kubeconfig;
  await ensureNamespace(kubeconfig, settings.namespace);
  return kubeconfig;
}

async function openObjects(
  { objectStore }: LocalSettings,
  stateDir: string,
  ports: LocalPorts,
): Promise<ObjectStore> {
  if (!objectStore) return await startObjectStore(stateDir, ports.S3);
  const pathStyle =
    process.env["S3_FORCE_PATH_STYLE"] ?? String(objectStore.endpoint !== undefined);
  return await useObjectStore(objectStore, pathStyle === "true");
}
