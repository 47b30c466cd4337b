/** Statements that were changed by somebody who knows how they are checked: every hash and size fits. */
import { createHash } from "node:crypto";
import type { Manifest } from "../../../functions/domain/manifest.ts";
import { zipFiles, type ZipFile } from "../zips/zip-writer.ts";

/** The entries of a statement by their names, in their order. */
export type StatementFiles = Readonly<Record<string, string>>;

export function manifestOf({ "manifest.json": json = "" }: StatementFiles): Manifest {
  return JSON.parse(json) as Manifest;
}

/** The files with hashes and sizes that fit, so that only what they say can be wrong. */
export function sealed(files: StatementFiles, manifest: unknown = manifestOf(files)): Buffer {
  const described = Object.entries(files).filter(([path]) => !/manifest|SUMS/.test(path));
  const known = (manifest as Partial<Manifest> | null)?.files;
  const resealed = Array.isArray(known)
    ? {
        ...(manifest as Manifest),
        files: described.map(([path, text]) => {
          const file = (known as Manifest["files"]).find((one) => one.path === path);
          return { ...file, path, bytes: Buffer.byteLength(text), sha256: sha256(text) };
        }),
      }
    : manifest;
  return withSums({ ...files, "manifest.json": JSON.stringify(resealed) });
}

/** The same with another transactions.csv, in the canonical dialect. */
export function sealedWithRows(files: StatementFiles, csv: string): Buffer {
  const content_sha256 = sha256(csv.slice(csv.indexOf("\r\n") + 2));
  const changed = { ...files, "transactions.csv": csv };
  return sealed(changed, { ...manifestOf(changed), content_sha256 });
}

/** The files as they are under a SHA256SUMS that fits. */
export function withSums(files: StatementFiles): Buffer {
  const listed = Object.entries(files).filter(([path]) => path !== "SHA256SUMS");
  const sums = listed.map(([path, text]) => `${sha256(text)}  ${path}\n`).join("");
  return sealedZip([...listed, ["SHA256SUMS", sums]], generatedAt(files));
}

/** The entries as they are, in a zip with a seal that fits. */
export function sealedZip(
  entries: readonly ZipFile[],
  epochMs = generatedAt(Object.fromEntries(entries) as StatementFiles),
): Buffer {
  return zipFiles(entries, { sealed: epochMs });
}

/** What the manifest says; anything when it is none. */
function generatedAt({ "manifest.json": json = "" }: StatementFiles): number {
  const found = /"generated_at": ?"([^"]*)"/.exec(json)?.[1];
  return Math.max(Date.parse(found ?? "") || 0, Date.UTC(1980, 0));
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
