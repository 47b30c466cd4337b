/** Java libraries of Maven Central, of pinned versions and hashes, and the one file that is run with them. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { onceInCache } from "../../../infra/local/programs/cache-folder.ts";
import { debianProgram, program } from "./debian-program.ts";

/**
 * Runs `Main.java` of the folder `java/<name>` with the jars of its `pom.xml` and of what those need: just those of
 * its `jars.sha256`.
 * @throws Error where there is no Java or Maven, or a jar has other bytes
 */
export async function runJava(
  name: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  const room = new URL(`java/${name}/`, import.meta.url).pathname;
  const sums = await readFile(join(room, "jars.sha256"), "utf8");
  const jars = await onceInCache(`java-${name}-${sha256(sums).slice(0, 12)}`, async (folder) => {
    const maven = await debianProgram("maven", ["mvn"]);
    const copy = ["dependency:copy-dependencies", `-DoutputDirectory=${folder}`];
    await maven.run("--quiet", "--batch-mode", `--file=${join(room, "pom.xml")}`, ...copy);
    const found = (await readdir(folder)).toSorted().map(async (jar) => {
      return `${sha256(await readFile(join(folder, jar)))}  ${jar}\n`;
    });
    const all = (await Promise.all(found)).join("");
    if (all !== sums)
      throw new Error(`Maven brought other jars for ${name} than:\n${sums}\n${all}`);
  });
  const java = program("java", { ...process.env, ...env });
  return (await java.run("-cp", join(jars, "*"), join(room, "Main.java"), ...args)).stdout;
}

function sha256(bytes: string | Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
