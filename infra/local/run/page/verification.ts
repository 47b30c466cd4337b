/**
 * The file of a request, proved from its own bytes: `ok`, or what is wrong with it, and apart from that who
 * made it: `authentic`, `unchecked` or `unsigned`.
 */
import type { Readable } from "node:stream";
import { GetObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import type { ExecutedRequest } from "../../../../functions/domain/statement-request.ts";
import {
  verifyStatement,
  type Verification,
} from "../../../../functions/verification/verify-statement.ts";
import { keysOf } from "../../../operator/verification-keys.ts";

/** A word that says it all, and the sentence behind it. */
export interface Verdict {
  readonly word: "ok" | "wrong" | "authentic" | "unchecked" | "unsigned";
  readonly text: string;
}

export type Verified =
  | { readonly verdicts: readonly Verdict[] }
  | { readonly trouble: string; readonly status: 400 | 410 | 503 };

/** @param keys the text of a JWK or a JWKS; empty when signatures are not to be looked at */
export async function verifyObject(
  client: S3Client,
  { object, sha256 }: Pick<ExecutedRequest, "object" | "sha256">,
  keys: string,
  signal: AbortSignal,
): Promise<Verified> {
  const known = keys.trim() === "" ? undefined : keysOf(parsed(keys));
  if (keys.trim() !== "" && !known) {
    return { status: 400, trouble: 'These are no keys: {"keys": [{"kty": …}]} is looked for.' };
  }
  const { bucket: Bucket, key: Key } = object;
  try {
    const found = await client.send(new GetObjectCommand({ Bucket, Key }), { abortSignal: signal });
    const verification = await verifyStatement(found.Body as Readable, { keys: known });
    return { verdicts: verdictsOf(verification, sha256) };
  } catch (error) {
    const { name } = error instanceof Error ? error : new Error();
    const isGone = name === "NoSuchKey";
    const why = isGone ? "is not there any more" : `cannot be read (${name})`;
    return { status: isGone ? 410 : 503, trouble: `s3://${Bucket}/${Key} ${why}.` };
  }
}

function verdictsOf(found: Verification, sha256: string): readonly Verdict[] {
  if (!found.ok) return found.problems.map((text) => ({ word: "wrong", text }));
  const ofRecord: Verdict =
    found.sha256 === sha256
      ? { word: "ok", text: "hashes, rows, sums and balances agree; it is the record's file" }
      : { word: "wrong", text: "it is whole, but not the file that its record names" };
  return [ofRecord, authorOf(found)];
}

function authorOf({ signature }: Extract<Verification, { ok: true }>): Verdict {
  if (signature === "absent") return { word: "unsigned", text: "anybody may have made it" };
  if (signature === "unchecked") {
    return { word: "unchecked", text: "it has a signature; with keys it is looked at" };
  }
  const { keyId, algorithm } = signature;
  return {
    word: "authentic",
    text: `signed with ${keyId ?? "a key without a name"} (${algorithm})`,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
