/** The product on a real cluster, in two namespaces of its own, and the ways to look at it. */
import { randomBytes } from "node:crypto";
import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { S3Client } from "@aws-sdk/client-s3";
import {
  makeConfigMapLedger,
  type Ledger,
  type Stored,
} from "../../functions/platform/ledger/configmap-ledger.ts";
import {
  deploy,
  renderOverlay,
  undeploy,
  type Rendered,
} from "../../infra/kubernetes/deploy/installation.ts";
import { kubectl } from "../../infra/kubernetes/deploy/kubectl.ts";
import { writeInstallation } from "../support/cluster/installation.ts";
import { diagnosed } from "./diagnosis.ts";
import { openBroker, openService } from "./gateway.ts";
import { openWayIn } from "./way-in.ts";

/** As overlays/local has them. */
const S3_CREDENTIALS = { accessKeyId: "local", secretAccessKey: "sample-bucket-only" };
const BUCKET = "bank-statements";
const ROOT = "root:sample-bank-only";

const IMAGE_PREFIX = process.env["IMAGE_PREFIX"] ?? "dev.local/transactions-collector";
const TAG = process.env["TAG"] ?? "dev";
const IMAGES = [
  "request-intake",
  "pending-scanner",
  "statement-builder",
  "mariadb",
  "versitygw",
  "sample-bank",
];

/** So short that a killed builder is followed soon, so long that a busy node keeps its lease. */
const QUICK_TIMES = [
  "LEASE_SECONDS=15",
  "LEASE_RENEW_SECONDS=5",
  "CLOCK_SKEW_SECONDS=2",
  "RETRY_BASE_SECONDS=2",
  "RETRY_MAX_SECONDS=10",
  "LOG_LEVEL=debug",
];

/** A year of a customer has about 100 000 rows, two years 200 000. */
export const BANK = { CUSTOMERS: 2, ROWS: 400_000 };
const OVERSIZED_ROWS = 150_000;

export interface Installed extends AsyncDisposable {
  readonly namespaces: { readonly functions: string; readonly ledger: string };
  /** Once more, as `make deploy` does. */
  deploy(): Promise<void>;
  readonly ledger: Ledger;
  /** Of request-intake, through the gateway. */
  readonly intakeUrl: string;
  /** Of the Broker. */
  readonly brokerUrl: string;
  /** For the S3 client: the bucket's server. */
  readonly s3: { readonly bucket: string; client(): S3Client };
  /** As root. */
  readonly databaseUrl: string;
  /** Path of a kubeconfig for the cluster, for programs that take one file. */
  readonly kubeconfig: string;
  /** The record once it has this status. @throws Error with the record after `seconds`. */
  until(name: string, status: Stored["request"]["status"], seconds: number): Promise<Stored>;
}

export async function install(): Promise<Installed> {
  await using opened = new AsyncDisposableStack();
  const id = randomBytes(3).toString("hex");
  const namespaces = { functions: `e2e-${id}-statements`, ledger: `e2e-${id}-requests` };
  // Relative paths lead out of it, so it must not be a link.
  const folder = await realpath(await mkdtemp(join(tmpdir(), "e2e-")));
  opened.defer(() => rm(folder, { recursive: true }));

  await writeInstallation(folder, {
    on: "overlays/local",
    components: ["broker-intake"],
    namespaces,
    settings,
  });
  const rendered = await renderOverlay(folder);
  opened.defer(() => remove(rendered));
  say(`installing in ${namespaces.functions} and ${namespaces.ledger}`);
  const deployAll = async (): Promise<void> => {
    const options = { timeoutMs: 600_000, prune: true };
    await deploy(rendered, { ...options, log: (line) => say(`  ${line}`) });
  };
  await diagnosed("deploy", namespaces, deployAll);

  const kubeconfig = join(folder, "kubeconfig");
  await writeFile(kubeconfig, await kubectl(["config", "view", "--raw", "--minify", "--flatten"]), {
    mode: 0o600,
  });
  const ledger = makeConfigMapLedger({ namespace: namespaces.ledger, kubeconfig });
  const { functions } = namespaces;
  const intake = opened.use(await openService(functions, "request-intake"));
  const broker = opened.use(await openBroker(functions, "statements"));
  const database = opened.use(await openWayIn(functions, "mariadb", 3306));
  const s3 = opened.use(await openWayIn(functions, "versitygw", 7070));
  const closing = opened.move();
  return {
    namespaces,
    deploy: deployAll,
    ledger,
    kubeconfig,
    intakeUrl: intake.url,
    brokerUrl: broker.url,
    databaseUrl: `mysql://${ROOT}@${database.host}:${database.port}/bank`,
    s3: {
      bucket: BUCKET,
      client: () =>
        new S3Client({
          endpoint: `http://${s3.host}:${s3.port}`,
          region: "us-east-1",
          credentials: S3_CREDENTIALS,
          forcePathStyle: true,
        }),
    },
    async until(name, status, seconds) {
      const deadline = performance.now() + seconds * 1000;
      for (;;) {
        const stored = await ledger.read(name);
        if (stored?.request.status === status) return stored;
        if (performance.now() > deadline) {
          throw new Error(`not ${status} after ${seconds} s: ${JSON.stringify(stored?.request)}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

const inStatements = { namespace: "statements", behavior: "merge" };

/** What the tests change of overlays/local. */
export const settings = {
  configMapGenerator: [
    {
      ...inStatements,
      name: "statement-builder",
      literals: [...QUICK_TIMES, `OVERSIZED_ROWS=${OVERSIZED_ROWS}`],
    },
    {
      ...inStatements,
      name: "sample-bank",
      literals: Object.entries(BANK).map(([name, value]) => `${name}=${value}`),
    },
  ],
  images: IMAGES.map((name) => ({
    name: `dev.local/transactions-collector/${name}`,
    newName: `${IMAGE_PREFIX}/${name}`,
    newTag: TAG,
  })),
  patches: [
    // Scaled to zero soon, and slow enough that a build can be caught while it runs.
    {
      target: { group: "serving.knative.dev", kind: "Service", name: "statement-builder" },
      patch: JSON.stringify([
        {
          op: "add",
          path: "/spec/template/metadata/annotations/autoscaling.knative.dev~1window",
          value: "10s",
        },
        {
          op: "replace",
          path: "/spec/template/spec/containers/0/resources/limits/cpu",
          value: "300m",
        },
        {
          op: "replace",
          path: "/spec/template/spec/containers/0/resources/requests/cpu",
          value: "100m",
        },
      ]),
    },
  ],
};

/** Past jest's own console, which prints a stack beside each line. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function remove(rendered: Rendered): Promise<void> {
  if (process.env["KEEP"] !== undefined) {
    say(`kept: kubectl delete namespace ${rendered.namespace} ${rendered.ledger}`);
    return;
  }
  await undeploy(rendered, { withLedger: true, log: () => undefined });
}
