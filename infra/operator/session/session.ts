/**
 * What the commands share: settings, and the ledger and the store they speak to, opened when a
 * command first asks, so that `--help` and `verify` need neither. The modules are those of the
 * functions, loaded as late.
 */
import { existsSync } from "node:fs";
import type { S3Client } from "@aws-sdk/client-s3";
import type * as z from "zod";
import type { FunctionName } from "../../../functions/domain/function-names.ts";
import { RECORD_PREFIX } from "../../../functions/domain/record-name.ts";
import type { Log } from "../../../functions/platform/telemetry/log.ts";
import { UnreadableRecord } from "../../../functions/platform/ledger/record-codec.ts";
import type { Ledger, Stored } from "../../../functions/platform/ledger/configmap-ledger.ts";
import { readConfig } from "../../../functions/platform/settings/config.ts";
import type { S3Settings } from "../../../functions/platform/store/s3-client.ts";
import type { StatementBucket } from "../../../functions/statement-builder/store/statement-bucket.ts";
import type { Capacity } from "./capacity.ts";
import { makeInstallation, type Installation } from "./installation.ts";
import { unavailable, unmet, wrongUse, type ExitCode, EXIT } from "../words/exit.ts";
import type { IntakeAddress } from "./intake.ts";
import {
  environmentOf,
  localLogDir,
  readOperatorConfig,
  type Environment,
  type GlobalOptions,
  type OperatorConfig,
} from "./settings.ts";
import {
  isStoreGiven,
  signingSettings,
  storeOf,
  storeOfInstallation,
  type Store,
} from "./store-access.ts";
import type { Windows } from "./window.ts";
import { makeScreen, type Screen, type Terminal } from "../words/terminal.ts";

export interface Session extends Disposable {
  readonly screen: Screen;
  readonly signal: AbortSignal;
  readonly now: () => number;
  /** What the user answers; undefined where nobody sits in front of it. */
  ask(question: string): Promise<string | undefined>;
  /** Of the options in front of the command. */
  useOptions(options: GlobalOptions): void;
  /** @throws CommandError that names every bad variable */
  readonly config: OperatorConfig;
  /** @throws CommandError when there is no such file */
  readonly kubeconfig: string;
  ledger(): Promise<Ledger>;
  /** @throws CommandError when there is no such request, or none that can be read; LedgerUnavailable */
  find(name: string): Promise<Stored>;
  /** From now on kubectl is asked nothing, as it would wait for each answer: what is left to it rejects at once. */
  leaveCluster(): void;
  /** Whether it is the installation of `make run`. */
  readonly isLocal: boolean;
  /** What all functions have said, as far as it is still there. @throws CommandError */
  functionLogs(): Promise<string>;
  /** For records and audits. */
  who(): Promise<string>;
  /** INTAKE_URL; where that is not set, found in the installation, and again when the way there has closed. @throws CommandError */
  intake(): Promise<IntakeAddress>;
  /** Why pods of the functions do not do their work, in a line for each. Rejects with what kubectl said. */
  trouble(): Promise<readonly string[]>;
  /** How many builds run at a time. Rejects with what kubectl said. */
  capacity(): Promise<Capacity>;
  /** What intake and scanner are told of events' and records' time. Rejects with what kubectl said. */
  windows(): Promise<Windows>;
  /**
   * What a function is told of these variables: the environment's word, else the installation's, else the default.
   * Rejects with what kubectl said.
   */
  told<S extends z.ZodObject>(of: FunctionName, variables: S): Promise<z.output<S>>;
  /** The same; where the installation's word cannot be had that is said, and the default is taken for it. */
  toldOrUsual<S extends z.ZodObject>(of: FunctionName, variables: S): Promise<z.output<S>>;
  /** The environment's settings; where that has none of a store, the installation's, and those anew when the way there has closed. */
  store(): Promise<Store>;
  /** Of the store, for what the functions never ask. */
  s3(): Promise<S3Client>;
  /** Signs addresses, and asks the store nothing. */
  signer(): Promise<S3Client>;
  /** Where records say that their objects lie. */
  bucket(name: string): Promise<StatementBucket>;
  /** A command that has said itself what is wrong. */
  exitCode: ExitCode;
}

/** The tool shows what went wrong as errors; the functions' own log has no place here. */
export async function silentLog(): Promise<Log> {
  // By its default export: once bundled, the named ones of a CommonJS module cannot be imported late.
  const { default: pino } = await import("pino");
  return pino({ level: "silent" });
}

/** As long as an API server works on one request. */
const LIST_TIMEOUT_MS = 60_000;

export function makeSession(terminal: Terminal, env: Environment): Session {
  // Made when it is first needed: `--help` also answers on a Node that has no such stack.
  let stack: DisposableStack | undefined;
  const opened = (): DisposableStack => (stack ??= new DisposableStack());
  let options: GlobalOptions = {};
  let own: { readonly environment: Environment; readonly config: OperatorConfig } | undefined;
  let ledger: Ledger | undefined;
  let who: Promise<string> | undefined;
  let installation: Installation | undefined;
  let isLeft = false;
  let store: Promise<Store> | undefined;
  let intake: Promise<IntakeAddress> | undefined;

  function ofCluster(): Installation {
    if (isLeft) throw new Error("the cluster does not answer");
    if (installation) return installation;
    const stop = new AbortController();
    opened().defer(() => stop.abort());
    const signal = AbortSignal.any([stop.signal, terminal.signal]);
    return (installation = makeInstallation(
      session.kubeconfig,
      session.config.LEDGER_NAMESPACE,
      signal,
    ));
  }

  async function openS3(settings: S3Settings): Promise<S3Client> {
    const { makeS3Client } = await import("../../../functions/platform/store/s3-client.ts");
    // It only reads, and a checksum of nothing would become part of a presigned address.
    const client = makeS3Client({ ...settings, checksums: "when_required" }, 4);
    opened().defer(() => client.destroy());
    return client;
  }

  /** @throws CommandError that names every bad variable */
  function readOwn() {
    if (own) return own;
    const environment = environmentOf(options, env);
    return (own = { environment, config: readOperatorConfig(environment) });
  }

  /** What the environment says of these variables, and which of them it lacks. */
  function ownOf({ shape }: z.ZodObject) {
    const { environment } = readOwn();
    const names = Object.keys(shape);
    const values: Environment = Object.fromEntries(names.map((name) => [name, environment[name]]));
    return { values, missing: names.filter((name) => !values[name]) };
  }

  const session: Session = {
    screen: makeScreen(terminal),
    signal: terminal.signal,
    now: Date.now,
    ask: async (question) => await terminal.ask?.(question),
    exitCode: EXIT.done,

    useOptions: (given) => void (options = given),

    get isLocal() {
      return options.local === true;
    },

    get config() {
      return readOwn().config;
    },

    get kubeconfig() {
      const path = session.config.KUBECONFIG ?? "";
      if (existsSync(path)) return path;
      throw wrongUse(
        options.local
          ? `there is no ${path}: start \`make run\` first, in the folder this is called from`
          : `there is no kubeconfig ${path}: set KUBECONFIG or --kubeconfig, or --local for \`make run\``,
      );
    },

    async ledger() {
      const { kubeconfig } = session;
      const [{ makeConfigMapLedger }, { wishedLedger }] = await Promise.all([
        import("../../../functions/platform/ledger/configmap-ledger.ts"),
        import("../../../functions/platform/ledger/wished-ledger.ts"),
      ]);
      const namespace = session.config.LEDGER_NAMESPACE;
      // Somebody waits in front of it: two tries, not the functions' four, and of a silent list one.
      const options = { namespace, kubeconfig, tries: 2, listTimeoutMs: LIST_TIMEOUT_MS };
      return (ledger ??= wishedLedger(makeConfigMapLedger(options)));
    },

    async find(name) {
      const opened = await session.ledger();
      for (const one of recordNamesOf(name)) {
        const stored = await opened.read(one, session.signal).catch((error: unknown) => {
          if (!(error instanceof UnreadableRecord)) throw error;
          const { LEDGER_NAMESPACE: namespace } = session.config;
          throw unmet(
            `${one} cannot be read as a request: ${error.message}`,
            `A later version of this tool may; kubectl get configmap -n ${namespace} ${one} -o yaml shows it`,
          );
        });
        if (stored) return stored;
      }
      throw unmet(
        `there is no request ${name} in ${session.config.LEDGER_NAMESPACE}: ` +
          "it was never recorded, or its retention is over; `statements list` shows what there is",
      );
    },

    leaveCluster: () => void (isLeft = true),

    async functionLogs() {
      const { readFunctionLogs } = await import("./function-logs.ts");
      return await readFunctionLogs(options.local ? localLogDir(env) : ofCluster());
    },

    async who() {
      const { whoAmI } = await import("./who.ts");
      return await (who ??= whoAmI(session.kubeconfig, session.signal));
    },

    async intake() {
      const { INTAKE_URL, INTAKE_HOST, INTAKE_TOKEN } = session.config;
      if (INTAKE_URL !== undefined) return { INTAKE_URL, host: INTAKE_HOST, INTAKE_TOKEN };
      intake ??= ofCluster()
        .intake()
        .then(({ url, host, closed }) => {
          void closed.then(() => (intake = undefined));
          return { INTAKE_URL: url, host: INTAKE_HOST ?? host, INTAKE_TOKEN };
        });
      try {
        return await intake;
      } catch (cause) {
        intake = undefined;
        const [reason = ""] = (cause as Error).message.trim().split("\n").slice(-1);
        throw unavailable(`request-intake was not found through kubectl: ${reason}`, {
          cause,
          next: "Set INTAKE_URL to where it is reached.",
        });
      }
    },

    trouble: () => ofCluster().trouble(),
    capacity: () => ofCluster().capacity(),
    windows: () => ofCluster().windows(),

    async told(of, variables) {
      const { values, missing } = ownOf(variables);
      const isAsked = !session.isLocal && missing.length > 0;
      const found = isAsked ? await ofCluster().variables(of, new Set(missing)) : {};
      return readConfig(variables, { ...values, ...found });
    },

    async toldOrUsual(of, variables) {
      try {
        return await session.told(of, variables);
      } catch {
        session.signal.throwIfAborted();
        const { values, missing } = ownOf(variables);
        session.screen.note(
          `what ${of} is told cannot be seen: this is by the default; set ${missing.join(", ")}, as it has ` +
            (missing.length === 1 ? "it" : "them"),
        );
        return readConfig(variables, values);
      }
    },

    async store() {
      const { config, environment: given } = readOwn();
      store ??=
        session.isLocal || isStoreGiven(given)
          ? Promise.resolve(storeOf(config, given))
          : storeOfInstallation(ofCluster(), given, session.screen).then((found) => {
              void found.way?.closed.then(() => (store = undefined));
              return found;
            });
      return await store;
    },

    s3: async () => await openS3((await session.store()).settings),
    signer: async () => await openS3(signingSettings(await session.store())),

    async bucket(name) {
      const { makeStatementBucket } =
        await import("../../../functions/statement-builder/store/statement-bucket.ts");
      const { settings, prefix } = await session.store();
      const log = await silentLog();
      const uploads = { partBytes: 5 * 1024 * 1024, queue: 1 };
      return opened().use(
        makeStatementBucket({ ...settings, bucket: name, prefix, ...uploads, log }),
      );
    },

    [Symbol.dispose]: () => stack?.dispose(),
  };
  return session;
}

/** Also as `kubectl get configmap -o name` writes it, or without the part that all begin with, as the page does. */
function recordNamesOf(name: string): readonly string[] {
  const own = name.replace(/^(configmaps?|cm)\//, "");
  return own.startsWith(RECORD_PREFIX) ? [own] : [own, RECORD_PREFIX + own];
}
