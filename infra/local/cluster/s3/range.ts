import { S3Error } from "./s3-error.ts";

export interface ByteRange {
  readonly first: number;
  /** Inclusive. */
  readonly last: number;
}

/**
 * The part of an object a `Range` header asks for (RFC 9110, section 14). `undefined` is the whole:
 * without the header, or with a form S3 does not know, such as several ranges.
 */
export function readRange(value: string | undefined, size: number): ByteRange | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(value ?? "");
  const [, from = "", to = ""] = match ?? [];
  if (from === "" && to === "") return undefined;
  const first = from === "" ? Math.max(size - Number(to), 0) : Number(from);
  const last = from === "" || to === "" ? size - 1 : Math.min(Number(to), size - 1);
  if (from !== "" && to !== "" && Number(to) < Number(from)) return undefined;
  if (first > last) throw new S3Error("InvalidRange", "The requested range is not satisfiable");
  return { first, last };
}
