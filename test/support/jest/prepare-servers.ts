/**
 * Before the tests start: installs or builds the real servers that are missing, which takes
 * minutes on a new machine and would not fit into the time-out of a test. What cannot be had is
 * reported here, and fails the tests that need it: none is skipped.
 */
import { findMariaDb } from "../../../infra/local/programs/mariadb-programs.ts";
import { versitygw } from "../../../infra/local/programs/versitygw.ts";
import { STAND_IN } from "../engines/chosen-engine.ts";
import { cephRgw } from "../engines/ceph-rgw.ts";
import { chosenEngines } from "../engines/engines.ts";
import { mariaDb11 } from "../engines/mariadb-archive.ts";
import { minio } from "../engines/minio.ts";
import { mysqlServer } from "../engines/mysql-server.ts";
import { seaweedfs } from "../engines/seaweedfs.ts";
import { tidbServer } from "../engines/tidb.ts";
import { calc } from "../programs/calc.ts";
import { camt053Schema } from "../statements/camt053-schema.ts";
import { findChromium } from "../programs/chromium.ts";
import { etcd, kubeApiserver } from "../programs/kube-programs.ts";
import { prepareKustomize } from "../cluster/kustomize.ts";
import { ofxdump } from "../programs/ofx-readers.ts";
import { poppler, qpdf } from "../programs/pdf-programs.ts";
import { promtool } from "../programs/promtool.ts";
import { pythonWith } from "../programs/python-packages.ts";
import { bsdtar, busybox, sevenZip } from "../programs/zip-programs.ts";

interface JestConfig {
  readonly testPathPatterns: { readonly patterns: readonly string[] };
}

export default async function prepareServers({ testPathPatterns }: JestConfig): Promise<void> {
  const { patterns } = testPathPatterns;
  const unitTestsOnly = patterns.length > 0 && patterns.every((p) => p.includes("test/unit"));
  if (unitTestsOnly) return;
  // One apt at a time, and the builds beside it.
  const installed = [
    () => findMariaDb(console.log),
    () => findChromium(console.log),
    sevenZip,
    bsdtar,
    busybox,
    ofxdump,
    () => poppler("pdftotext"),
    qpdf,
    calc,
    promtool,
    secondDatabase,
    seaweedfs,
    ...(isChosen("mariadb-11.8") ? [() => mariaDb11(console.log)] : []),
    ...(isChosen("ceph-rgw") ? [() => cephRgw(console.log)] : []),
  ];
  const built = [
    ...[versitygw, etcd, kubeApiserver, prepareKustomize, camt053Schema, importers],
    ...(isChosen("minio") ? [minio] : []),
    ...(isChosen("tidb") ? [tidbServer] : []),
  ];
  await Promise.all([installed, built].map(inTurn));
}

const importers = () => pythonWith("importers");

function isChosen(name: string): boolean {
  const chosen = chosenEngines(process.env["ENGINES"]);
  return chosen.some(({ database, store }) => database === name || store === name);
}

/** MySQL; where that cannot be had, another MariaDB, of which the last lines of the run tell. */
async function secondDatabase(): Promise<void> {
  try {
    await mysqlServer(console.log);
  } catch (error) {
    console.error(error);
    // Where all are run, one of them is not taken for another.
    if (process.env["ENGINES"]) return;
    await mariaDb11(console.log);
    process.env[STAND_IN] = "mariadb-11.8";
  }
}

async function inTurn(preparations: readonly (() => Promise<unknown>)[]): Promise<void> {
  for (const prepare of preparations) {
    await prepare().catch((error: unknown) => console.error(error));
  }
}
