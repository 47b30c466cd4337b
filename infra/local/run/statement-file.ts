/** The object of an executed request as a file: fetched, verified, unpacked. */
import {
  closeSync,
  createReadStream,
  createWriteStream,
  mkdirSync,
  openSync,
  writeSync,
} from "node:fs";
import { mkdir, open, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import type { Manifest } from "../../../functions/domain/manifest.ts";
import type { ExecutedRequest } from "../../../functions/domain/statement-request.ts";
import { verifyStatement } from "../../../functions/verification/verify-statement.ts";
import { readZip } from "../../../functions/verification/zip/zip-reader.ts";
import type { ObjectStore } from "../cluster/object-store.ts";

export interface StatementFile {
  /** The zip, under the object's own file name. */
  readonly path: string;
  /** What is in it, unpacked. */
  readonly folder: string;
  readonly manifest: Manifest;
  readonly sha256: string;
}

/** As the tool writes them: rows of a customer are for whoever fetched them. */
const OWN_FILE = { mode: 0o600 };

/** @throws Error when the object is not what its record says */
export async function fetchStatement(
  { client, bucket }: Pick<ObjectStore, "client" | "bucket">,
  request: ExecutedRequest,
  outDir: string,
): Promise<StatementFile> {
  const { key } = request.object;
  const path = join(outDir, basename(key));
  const { Body: body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  if (!body) throw new Error(`the object ${key} has no content`);
  await pipeline(body as Readable, createWriteStream(path, OWN_FILE));
  const verified = await verifyStatement(createReadStream(path));
  if (!verified.ok) throw new Error(`${path} is damaged: ${verified.problems.join("; ")}`);
  if (verified.sha256 !== request.sha256) {
    throw new Error(
      `${path} is whole, but not the file that the record ${request.facts.name} names`,
    );
  }
  const folder = path.replace(/\.zip$/, "");
  await unpack(path, folder);
  return { path, folder, manifest: verified.manifest, sha256: verified.sha256 };
}

/** Of a verified zip: its entries are known to be plain files, some in a folder of the zip's. */
async function unpack(zip: string, folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await readZip(
    createReadStream(zip),
    (name) => {
      const path = join(folder, name);
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      const file = openSync(path, "wx", OWN_FILE.mode);
      return {
        write: (bytes) => void writeSync(file, bytes),
        end: () => closeSync(file),
      };
    },
    () => undefined,
  );
}

/** The first lines of a text file; a line of a table may hold line ends of its own. */
export async function firstLines(path: string, count: number): Promise<readonly string[]> {
  const lines: string[] = [];
  await using file = await open(path);
  for await (const line of file.readLines()) {
    lines.push(line);
    if (lines.length === count) break;
  }
  return lines;
}
