/**
 * What people did to a request by hand, and who they were: in an annotation of its record. Functions of any
 * version leave it as it is, and a record that is immutable takes it too.
 */
import type { Stored } from "../../../functions/platform/ledger/configmap-ledger.ts";
import type { Screen } from "./terminal.ts";

export type ActName = "announce" | "cancel" | "link" | "replay" | "retry";

export interface Act {
  readonly act: ActName;
  readonly by: string;
  /** RFC 3339 in UTC. */
  readonly at: string;
}

const ACTS_ANNOTATION = "transactions-collector.io/acts";
/** A record does not grow with what is done to it; the audit lines have what was before. */
const KEPT_ACTS = 16;

export function actsOf({ configMap }: Pick<Stored, "configMap">): readonly Act[] {
  const text = configMap.metadata?.annotations?.[ACTS_ANNOTATION] ?? "[]";
  try {
    const acts: unknown = JSON.parse(text);
    return Array.isArray(acts) ? acts.filter(isAct) : [];
  } catch {
    // Changed by hand: the record is readable all the same.
    return [];
  }
}

function isAct(value: unknown): value is Act {
  const { act, by, at } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return [act, by, at].every((one) => typeof one === "string");
}

/** To be written with the next move. */
export function withAct(stored: Stored, act: Act): Stored {
  const { configMap } = stored;
  const acts = JSON.stringify([...actsOf(stored), act].slice(-KEPT_ACTS));
  const annotations = { ...configMap.metadata?.annotations, [ACTS_ANNOTATION]: acts };
  return {
    ...stored,
    configMap: { ...configMap, metadata: { ...configMap.metadata, annotations } },
  };
}

/** The line that a log collector takes up; each act is one, once it is in the record. */
export function printAudit(screen: Screen, requestId: string, { act, by, at }: Act): void {
  screen.note(JSON.stringify({ audit: act, request_id: requestId, by, at }));
}
