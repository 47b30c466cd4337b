/** Files of packages that are read, not imported: fonts, WebAssembly. */
import { existsSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { basename, dirname, join } from "node:path";

/** In an image they lie beside the program, elsewhere in their package. */
export function packagedFile(name: string, file: string): string {
  const beside = join(import.meta.dirname, basename(file));
  if (existsSync(beside)) return beside;
  const packageJson = findPackageJSON(name, import.meta.url);
  if (packageJson === undefined) throw new Error(`the package ${name} is not installed`);
  return join(dirname(packageJson), file);
}
