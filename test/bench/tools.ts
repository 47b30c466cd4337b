/** The programs a user would take in our place; installs Debian's packages when they are missing. */
import { delimiter, join } from "node:path";
import { debianPackages } from "../../infra/local/programs/debian-packages.ts";
import { isOnPath } from "../../infra/local/programs/executables.ts";
import { findMariaDb } from "../../infra/local/programs/mariadb-programs.ts";

const PACKAGES = ["zip", "unzip", "curl"] as const;

/** An environment in whose PATH are mariadb, zip, unzip and curl. */
export async function benchTools(): Promise<NodeJS.ProcessEnv> {
  const { baseDir, env } = await findMariaDb(console.log);
  const path = [join(baseDir, "bin"), env["PATH"] ?? ""];
  const missing = PACKAGES.filter((name) => !isOnPath(name));
  if (missing.length === 0) return { ...env, PATH: path.join(delimiter) };
  const { root, env: installed } = await debianPackages(missing, console.log);
  const libraries = [env["LD_LIBRARY_PATH"], installed["LD_LIBRARY_PATH"]].filter(Boolean);
  return {
    ...env,
    PATH: [...path, join(root, "usr/bin")].join(delimiter),
    ...(libraries.length > 0 && { LD_LIBRARY_PATH: libraries.join(delimiter) }),
  };
}
