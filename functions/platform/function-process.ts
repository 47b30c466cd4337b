/**
 * The life of a function's process: configuration, start, serve, drain on SIGTERM, exit.
 *
 * Exit codes: 0 after a drain, 78 when the configuration is wrong, 1 for what nobody expected.
 */
import type * as z from "zod";
import type { ProgramName } from "../domain/function-names.ts";
import type { CloudEventServer } from "./server/cloudevent-server.ts";
import {
  ConfigError,
  EXIT_CONFIG,
  readConfig,
  withOwnPorts,
  type PROCESS_VARIABLES,
} from "./settings/config.ts";
import { unknownVariables } from "./settings/unknown-variables.ts";
import { makeLog, type Log } from "./telemetry/log.ts";
import { makeMetricsRegistry, type MetricsRegistry } from "./telemetry/metrics-registry.ts";
import { startMetricsServer } from "./server/metrics-server.ts";
import { openTracer } from "./telemetry/open-tracer.ts";
import { trustCertificates } from "./tls/ca-certificates.ts";
import type { Tracer } from "./telemetry/tracing.ts";

export interface FunctionContext {
  readonly log: Log;
  /** Served at `/metrics` on METRICS_PORT until everything else is closed. */
  readonly metrics: MetricsRegistry;
  /** Sends its last spans when everything else is closed. */
  readonly tracer: Tracer;
  /** Whatever the function opens is put here and closed in reverse, on every way out. */
  readonly resources: AsyncDisposableStack;
  /** Aborts on SIGTERM; for work that is not a request. */
  readonly stopping: AbortSignal;
}

export interface FunctionSetup<S extends z.ZodObject<typeof PROCESS_VARIABLES>> {
  readonly name: ProgramName;
  readonly config: S;
  /** A server that listens, or the exit code of work that is done already (a Job's). */
  readonly start: (
    config: z.output<S>,
    context: FunctionContext,
  ) => Promise<CloudEventServer | number>;
}

/** Runs until a signal ends it, then ends the process. */
export async function runFunction<S extends z.ZodObject<typeof PROCESS_VARIABLES>>(
  setup: FunctionSetup<S>,
): Promise<void> {
  process.exit(await exitCodeOf(setup));
}

async function exitCodeOf<S extends z.ZodObject<typeof PROCESS_VARIABLES>>(
  setup: FunctionSetup<S>,
): Promise<number> {
  const config = readConfigOrReport(setup);
  if (!config) return EXIT_CONFIG;
  const log = makeLog({ name: setup.name, level: config.LOG_LEVEL });
  failLoudly(log);
  warnOfUnknown(setup, log);
  try {
    await using resources = new AsyncDisposableStack();
    const stop = new AbortController();
    const stopped = untilSignal(log).then(() => stop.abort());
    if (config.K_CA_CERTS) trustCertificates(config.K_CA_CERTS);
    const metrics = makeMetricsRegistry();
    const served = { port: config.METRICS_PORT, host: config.HOST, registry: metrics, log };
    const { port: metrics_port } = resources.use(await startMetricsServer(served));
    const tracer = resources.use(await openTracer(setup.name, config, log));
    const context = { log, metrics, tracer, resources, stopping: stop.signal };
    const running = await setup.start(config, context);
    if (typeof running === "number") return running;
    log.info({ port: running.port, metrics_port }, "listening");
    await stopped;
    await running.drain(config.DRAIN_SECONDS * 1000);
    log.info("drained");
    return 0;
  } catch (err) {
    log.fatal({ err }, "the function ended");
    return 1;
  }
}

function readConfigOrReport<S extends z.ZodObject<typeof PROCESS_VARIABLES>>(
  setup: FunctionSetup<S>,
): z.output<S> | undefined {
  try {
    return readConfig(withOwnPorts(setup.config), process.env);
  } catch (error) {
    const log = makeLog({ name: setup.name, level: "info" });
    const problems = error instanceof ConfigError ? error.problems : [];
    for (const problem of problems) log.fatal(`configuration: ${problem}`);
    // Node itself would write it to stderr with the value that it stumbled over, which may be a password.
    if (problems.length === 0) log.fatal({ err: error }, "configuration: it could not be read");
    warnOfUnknown(setup, log);
    return undefined;
  }
}

/** One line, which names them and what they may have been meant for. */
function warnOfUnknown<S extends z.ZodObject<typeof PROCESS_VARIABLES>>(
  { name, config }: FunctionSetup<S>,
  log: Log,
): void {
  const unknown = unknownVariables(Object.keys(config.shape), process.env);
  if (unknown.length === 0) return;
  const all = unknown.map((one) => `${one.name} (the nearest is ${one.nearest})`).join(", ");
  log.warn(`configuration: no settings of ${name}: ${all}`);
}

/** The first SIGTERM or SIGINT starts the drain; a second one ends the process at once. */
function untilSignal(log: Log): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  let seen = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (seen) process.exit(1);
    seen = true;
    log.info({ signal }, "draining");
    resolve(undefined);
  };
  process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
  return promise;
}

/** A process in an unknown state is started anew; the ledger still owes what it was doing. */
function failLoudly(log: Log): void {
  const end = (err: unknown): void => {
    log.fatal({ err }, "an error nobody handled");
    process.exit(1);
  };
  process.on("uncaughtException", end).on("unhandledRejection", end);
}
