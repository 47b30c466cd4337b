/**
 * Errors of S3 calls, told without the response: bodies and headers of a store never reach a log,
 * a record or an answer. What is kept is the operation, the error's code and the request's id.
 */
import { RetryableError } from "../../domain/failure.ts";

interface StorageFault {
  /** HTTP status; undefined when no answer came (refused, reset, timed out). */
  readonly status: number | undefined;
  /** S3's error code, such as `SlowDown`, or Node's, such as `ECONNRESET`. */
  readonly code: string;
  /** For an operator: code, status and the id the store knows the request by. */
  readonly description: string;
}

export function storageFault(error: unknown): StorageFault {
  const { name = "Error", code, $metadata = {} } = error as SdkError;
  const status = $metadata.httpStatusCode;
  const shown = status === undefined ? (code ?? unsent(error) ?? name) : name;
  const details = [
    ...(status === undefined ? [] : [`HTTP ${status}`]),
    ...($metadata.requestId === undefined ? [] : [`request ${$metadata.requestId}`]),
  ];
  const description = details.length === 0 ? shown : `${shown} (${details.join(", ")})`;
  return { status, code: shown, description };
}

/** What the SDK says of itself when it has no other name for it, such as `Region is missing`: no store was asked. */
function unsent(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.name !== "Error" || "$response" in error) return undefined;
  return error.message.split("\n", 1)[0] || undefined;
}

/** The store did not do what it was asked; it may do so later. */
export function storageUnavailable(operation: string, error: unknown, hint = ""): RetryableError {
  return new RetryableError(
    "storage_unavailable",
    `${operation} failed: ${storageFault(error).description}${hint && `; ${hint}`}`,
    networkCause(error),
  );
}

/** The thrown error itself when it came from the network; the SDK's own ones carry the response. */
export function networkCause(error: unknown): ErrorOptions {
  const answered = (error as SdkError).$metadata?.httpStatusCode !== undefined;
  return answered || "$response" in Object(error) ? {} : { cause: error };
}

interface SdkError {
  readonly name?: string;
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
}
