/** The published package as a user has it: packed, and installed into an empty project by npm. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { makePackage, packPackage } from "../../../infra/clients/package/package.ts";

const run = promisify(execFile);

export interface InstalledPackage extends AsyncDisposable {
  /** The user's project, which had nothing but a `package.json`. */
  readonly project: string;
  readonly archive: string;
  /** In the project's `node_modules`, where Node strips no types. */
  readonly folder: string;
}

export async function installPackage(): Promise<InstalledPackage> {
  await using opened = new AsyncDisposableStack();
  const root = await mkdtemp(join(tmpdir(), "package-"));
  opened.defer(() => rm(root, { recursive: true, force: true }));
  await makePackage(join(root, "made"));
  const archive = await packPackage(join(root, "made"), root);
  const project = join(root, "project");
  await mkdir(project);
  await writeFile(join(project, "package.json"), '{"private":true,"type":"module"}');
  // With an empty cache and no network, as behind a bank's walls: the package has to bring all it needs.
  const offline = ["--offline", "--cache", join(root, "cache"), "--no-audit", "--no-fund"];
  await run("npm", ["install", ...offline, archive], { cwd: project });
  const closing = opened.move();
  return {
    project,
    archive,
    folder: join(project, "node_modules/transactions-collector"),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}
