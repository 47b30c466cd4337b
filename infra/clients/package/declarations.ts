/** The type declarations that the package's entries lead to; what else the compiler wrote is not public. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** @throws Error when a public type needs a package, which users would not have */
export async function copyDeclarations(
  from: string,
  to: string,
  entries: readonly string[],
): Promise<void> {
  const found = new Set<string>();
  const queue = [...entries];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    const text = await readFile(join(from, path), "utf8");
    for (const [, name = ""] of text.matchAll(/(?:from |import\()"([^"]+)"/g)) {
      if (!name.startsWith(".")) throw new Error(`the types of ${path} need ${name}`);
      queue.push(join(dirname(path), name.replace(/\.ts$/, ".d.ts")));
    }
    await mkdir(dirname(join(to, path)), { recursive: true });
    // As users' compilers, older ones too, expect them.
    await writeFile(join(to, path), text.replaceAll(/(["']\.[^"']+)\.ts(?=["'])/g, "$1.js"));
  }
}
