import { RetryableError } from "../../domain/failure.ts";
import { startDeadline } from "../limits/deadline.ts";
import { storageUnavailable } from "./storage-error.ts";

interface StoreCall {
  /** As S3 names it, such as `HeadObject`. */
  readonly operation: string;
  /** Of the call with all its tries, milliseconds. */
  readonly ms: number;
  readonly signal: AbortSignal;
  /** What helps with an error, where anything does. */
  readonly hintFor?: (operation: string, error: unknown) => string;
}

/**
 * One small request: bounded as a whole, its failure told without the response.
 *
 * @throws RetryableError `storage_unavailable`, and the signal's reason when that is aborted
 */
export async function callStore<T>(
  { operation, ms, signal, hintFor = () => "" }: StoreCall,
  send: (options: { abortSignal: AbortSignal }) => Promise<T>,
): Promise<T> {
  using deadline = startDeadline(ms, signal);
  try {
    return await send({ abortSignal: deadline.signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof RetryableError) throw error;
    const cause = deadline.passed ? new Error(`no answer within ${ms} ms`) : error;
    throw storageUnavailable(operation, cause, hintFor(operation, error));
  }
}
