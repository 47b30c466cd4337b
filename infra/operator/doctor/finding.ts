import { LedgerUnavailable } from "../../../functions/platform/ledger/ledger-unavailable.ts";
import type { Session } from "../session/session.ts";

export interface Finding {
  /** `unknown`: it could not be looked at from here, or only a person can say whether it is well. */
  readonly level: "ok" | "unknown" | "wrong";
  readonly what: string;
  /** What a person does about it. */
  readonly next?: string;
}

/** Never throws for what it finds. */
export type Check = (session: Session) => Findings;

/** Ends with `silent` where the cluster said nothing in time: whatever else it is asked would wait as long. */
export type Findings = AsyncGenerator<Finding, "silent" | undefined>;

export const ok = (what: string): Finding => ({ level: "ok", what });
export const unknown = (what: string, next: string): Finding => ({ level: "unknown", what, next });
export const wrong = (what: string, next: string): Finding => ({ level: "wrong", what, next });

export const isSilent = (error: unknown): boolean =>
  error instanceof LedgerUnavailable && error.isSilent;

/** The message of an error and of what caused it, in one line. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const own = message || code || error.name;
  return (cause instanceof Error ? `${own}: ${reasonOf(cause)}` : own).replaceAll(/\s+/g, " ");
}
