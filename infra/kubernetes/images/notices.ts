/** The licences of the packages whose code is in a bundle, which ask that their texts go with it. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Metafile } from "esbuild";
import { bundledFolders } from "./sbom.ts";

const LICENCE_FILE = /^(licen[cs]e|copying|notice)([._-].*)?$/i;

/** One text; packages under the same words are named together above them. */
export async function noticesOf(metafile: Metafile, repository: string): Promise<string> {
  const byText = new Map<string, string[]>();
  for (const folder of bundledFolders(metafile).toSorted()) {
    const { title, text } = await licenceOf(join(repository, folder));
    byText.set(text, [...(byText.get(text) ?? []), title]);
  }
  const parts = [...byText].map(([text, titles]) => `${titles.join("\n")}\n\n${text}`);
  const rule = `\n\n${"-".repeat(80)}\n\n`;
  return ["This contains code of these packages, under their own licences.", ...parts]
    .join(rule)
    .concat("\n");
}

async function licenceOf(
  folder: string,
): Promise<{ readonly title: string; readonly text: string }> {
  const json = await readFile(join(folder, "package.json"), "utf8");
  const { name, version, license, author } = JSON.parse(json) as Readonly<Record<string, unknown>>;
  const files = (await readdir(folder)).filter((file) => LICENCE_FILE.test(file)).toSorted();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
  if (typeof license !== "string" && files.length === 0)
    throw new Error(`${String(name)} has no licence`);
  // Some packages have a text without a name for it, others a name without a text.
  const named = typeof license === "string" ? license : "see below";
  const title = `${String(name)} ${String(version)} (${named})`;
  const none = `${named}, without a text of its own. ${nameOf(author)}`.trimEnd();
  return { title, text: texts.map((text) => text.trim()).join("\n\n") || none };
}

function nameOf(author: unknown): string {
  if (typeof author === "string") return author;
  return (author as { readonly name?: string } | undefined)?.name ?? "";
}
