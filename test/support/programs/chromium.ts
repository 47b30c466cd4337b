/** A real browser: Debian's Chromium, installed when there is none. */
import { join } from "node:path";
import { chromium, type Browser } from "playwright-core";
import { debianPackages, type Log } from "../../../infra/local/programs/debian-packages.ts";
import {
  findExecutable,
  isExecutable,
  pathFolders,
} from "../../../infra/local/programs/executables.ts";

export interface ChromiumProgram {
  readonly path: string;
  readonly env: NodeJS.ProcessEnv;
}

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** @throws Error that says the next step when there is no Chromium and none can be installed. */
export async function findChromium(log: Log): Promise<ChromiumProgram> {
  const found = findExecutable(pathFolders(), ...NAMES);
  if (found !== undefined) return { path: found, env: process.env };
  const { root, env } = await debianPackages(["chromium"], log).catch((cause: unknown) => {
    throw new Error(NEXT_STEP, { cause });
  });
  // Not the script in /usr/bin, which knows one place only.
  const path = join(root, "usr/lib/chromium/chromium");
  if (!isExecutable(path)) throw new Error(NEXT_STEP);
  return { path, env };
}

const NEXT_STEP =
  "The tests of the page need Chromium; there is none, and Debian's package could not be " +
  "installed. Next step: put chromium or google-chrome on the PATH.";

/** Without Chromium's own sandbox, which root cannot have; it shows nothing but our own page. */
export async function startBrowser(): Promise<Browser> {
  const { path, env } = await findChromium(console.log);
  const variables = Object.entries(env).filter((one): one is [string, string] => Boolean(one[1]));
  return await chromium.launch({
    executablePath: path,
    env: Object.fromEntries(variables),
    chromiumSandbox: false,
  });
}
