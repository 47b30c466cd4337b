/**
 * What the tool is told by its environment: the variables of the functions, under their names, so
 * that one env file serves both. `--local` stands for the installation of `make run`.
 */
import { homedir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import {
  COMMON_VARIABLES,
  ConfigError,
  readConfig,
} from "../../../functions/platform/settings/config.ts";
import {
  withoutPlainDatabase,
  withoutPlainStore,
} from "../../../functions/platform/settings/plain-text.ts";
import { text, url, variable } from "../../../functions/platform/settings/variables.ts";
import { builderConfig } from "../../../functions/statement-builder/config.ts";
import { runningIn, type Running } from "../../local/running.ts";
import { readLocalSettings } from "../../local/settings.ts";
import { wrongUse } from "../words/exit.ts";
import { CLAIMS, RETENTION, SOURCE } from "./told-variables.ts";

const { KUBECONFIG, LEDGER_NAMESPACE } = COMMON_VARIABLES;
const builder = builderConfig.shape;

export const operatorConfig = withoutPlainStore(
  withoutPlainDatabase(
    z.object({
      KUBECONFIG,
      LEDGER_NAMESPACE,
      INTAKE_URL: url("http://localhost:8081/").optional(),
      INTAKE_HOST: variable(z.string().regex(/^[\w.-]+(:\d+)?$/), {
        expected: "a host name, with a port or without",
        example: "request-intake.statements.svc.cluster.local",
      }).optional(),
      INTAKE_TOKEN: text({ expected: "an OIDC token for intake", example: "eyJ…" }).optional(),
      ...RETENTION.shape,
      ...CLAIMS.shape,
      ...SOURCE.shape,
      S3_BUCKET: builder.S3_BUCKET.optional(),
      S3_PREFIX: builder.S3_PREFIX,
      S3_ENDPOINT: builder.S3_ENDPOINT,
      S3_CA_FILE: builder.S3_CA_FILE,
      S3_INSECURE: builder.S3_INSECURE,
      S3_FORCE_PATH_STYLE: builder.S3_FORCE_PATH_STYLE,
      S3_CHECKSUMS: builder.S3_CHECKSUMS,
      AWS_REGION: builder.AWS_REGION,
      DATABASE_URL: builder.DATABASE_URL.optional(),
      DATABASE_CA_FILE: builder.DATABASE_CA_FILE,
      DATABASE_INSECURE: builder.DATABASE_INSECURE,
    }),
  ),
);
export type OperatorConfig = z.output<typeof operatorConfig>;

/** What the functions have from the environment of `make run`, and the tool has to know of them; a token is the user's own. */
export const TOLD_TO_FUNCTIONS = Object.keys(operatorConfig.shape).filter(
  (name) => !name.startsWith("INTAKE_"),
);
/** Of these the environment's own word comes first, as in a cluster. */
const TOLD = new Set([RETENTION, CLAIMS, SOURCE].flatMap(({ shape }) => Object.keys(shape)));

export type Environment = Readonly<Record<string, string | undefined>>;

/** @throws CommandError that names every bad variable */
export function readOperatorConfig(env: Environment): OperatorConfig {
  try {
    return readConfig(operatorConfig, env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw wrongUse("the environment is not valid", ...error.problems.map((one) => `  ${one}`));
  }
}

export interface GlobalOptions {
  readonly kubeconfig?: string;
  readonly namespace?: string;
  readonly local?: boolean;
}

/** The environment with what the options put in its place. */
export function environmentOf(options: GlobalOptions, env: Environment): Environment {
  const { kubeconfig, namespace } = options;
  return {
    ...env,
    // As kubectl has it.
    KUBECONFIG: env["KUBECONFIG"] || join(homedir(), ".kube/config"),
    ...(options.local ? localEnvironment(env) : {}),
    ...(kubeconfig === undefined ? {} : { KUBECONFIG: kubeconfig }),
    ...(namespace === undefined ? {} : { LEDGER_NAMESPACE: namespace }),
  };
}

/** What `make run` says of itself; it reaches this process alone. @throws CommandError when it is not up */
function localEnvironment(env: Environment): Environment {
  const { environment } = localRun(env);
  const names = [...TOLD_TO_FUNCTIONS, "AWS_SESSION_TOKEN", "INTAKE_HOST"];
  const parts = names.map((name) => [name, (TOLD.has(name) && env[name]) || environment[name]]);
  return { ...environment, ...(Object.fromEntries(parts) as Environment) };
}

/** Of the functions of `make run`. @throws CommandError when it is not up */
export function localLogDir(env: Environment): string {
  return localRun(env).logDir;
}

function localRun(env: Environment): Running {
  const { outDir } = readLocalSettings(env);
  const running = runningIn(outDir);
  if (running) return running;
  throw wrongUse(
    `nothing is up in ${outDir}: start \`make run\` first, and call this in the same folder, or with its OUT_DIR`,
  );
}
