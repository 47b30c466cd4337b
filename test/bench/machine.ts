/** On what was measured, for the results: figures without it mean nothing. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { opponentVersions } from "./candidates/go-opponent.ts";
import { machineCpu } from "./process-figures.ts";

const PACKAGES = ["@aws-sdk/client-s3", "@aws-sdk/lib-storage", "archiver", "kysely", "mysql2"];

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly kernel: string;
  readonly versions: Readonly<Record<string, string>>;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1e9),
    kernel: release(),
    versions: {
      commit: output("git", ["rev-parse", "--short", "HEAD"]),
      node: process.version,
      mariadb: output("mariadbd", ["--no-defaults", "--version"]),
      go: output("go", ["version"]).split(" ")[2] ?? "unknown",
      ...opponentVersions(),
      ...Object.fromEntries(PACKAGES.map((name) => [name, packageVersion(name)])),
    },
  };
}

/** Load of the last minute and seconds stolen since the machine began. */
export function currentLoad(): { readonly load: number; readonly stolen: number } {
  return { load: loadavg()[0] ?? 0, stolen: machineCpu().stolen };
}

function packageVersion(name: string): string {
  const file = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

function output(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return "unknown";
  }
}
