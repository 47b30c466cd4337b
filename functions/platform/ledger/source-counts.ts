/**
 * How many records each event source has in the ledger: one ConfigMap, written by the scanner, which
 * reads all records anyway, and read by request-intake, which may not list. The installation ships it
 * empty; `kubectl apply` leaves alone what is written there.
 *
 * Sources are counted by a short hash, so that memory and ConfigMap have a bound whatever is sent. Two
 * sources of one hash share a count: who can choose a source to make that happen can as well use the
 * other one's name.
 */
import { sha256Hex, type ConfigMap } from "./configmap-record.ts";
import type { KubernetesApi } from "./kubernetes-api.ts";
import type { LedgerOptions } from "./configmap-ledger.ts";
import { LedgerUnavailable } from "./ledger-unavailable.ts";
import {
  jsonObject,
  readFields,
  time,
  UnreadableRecord,
  writeFields,
  type Fields,
} from "./record-codec.ts";

export const SOURCE_HASHES = 65_536;
const NAME = "records-by-source";
/** A share is far more than a hundredth. */
const MOST_WRITTEN = 100;

export interface SourceCounts {
  /** Milliseconds since the epoch. */
  readonly countedAt: number;
  /** Records by `sourceHash`, of the sources with the most. */
  readonly records: ReadonlyMap<number, number>;
}

export interface SourceCountsFile {
  /** undefined when it is not there, or not yet written. @throws LedgerUnavailable */
  read(): Promise<SourceCounts | undefined>;
  /** Whether the installation has it, written or not. @throws LedgerUnavailable */
  exists(): Promise<boolean>;
  /** @returns false when the installation has no such ConfigMap. @throws LedgerUnavailable */
  write(counts: SourceCounts): Promise<boolean>;
}

/** Less than SOURCE_HASHES. */
export function sourceHash(source: string): number {
  return Number.parseInt(sha256Hex(source).slice(0, 4), 16);
}

export function openSourceCounts(
  { namespace }: Pick<LedgerOptions, "namespace">,
  { call }: Pick<KubernetesApi, "call">,
): SourceCountsFile {
  const path = ["api", "v1", "namespaces", namespace, "configmaps", NAME];
  async function get(): Promise<ConfigMap | undefined> {
    const result = await call<ConfigMap>({ method: "GET", path });
    if ("value" in result) return result.value;
    if (result.refusal.status === 404) return undefined;
    throw refused("read", result.refusal.status);
  }
  return {
    async read() {
      const file = await get();
      return file && fromData(file.data);
    },
    async exists() {
      return (await get()) !== undefined;
    },
    async write(counts) {
      const result = await call({ method: "PATCH", path, body: { data: toData(counts) } });
      if ("value" in result) return true;
      if (result.refusal.status === 404) return false;
      throw refused("write", result.refusal.status);
    },
  };
}

interface Written {
  readonly countedAt: number;
  /** By four hexadecimal digits. */
  readonly records: Readonly<Record<string, unknown>>;
}

const FIELDS: Fields<Written> = { countedAt: time("counted_at"), records: jsonObject("records") };

function toData({ countedAt, records }: SourceCounts): Readonly<Record<string, string>> {
  const most = [...records].toSorted(([, a], [, b]) => b - a).slice(0, MOST_WRITTEN);
  const byHex = most.map(([hash, count]) => [hash.toString(16).padStart(4, "0"), count] as const);
  const data = {};
  const sheet = { name: NAME, data, labels: {}, annotations: {} };
  writeFields(FIELDS, { countedAt, records: Object.fromEntries(byHex) }, sheet);
  return data;
}

/** undefined also for what somebody has changed by hand into something else. */
function fromData(data: ConfigMap["data"]): SourceCounts | undefined {
  try {
    const sheet = { name: NAME, data: { ...data }, labels: {}, annotations: {} };
    const { countedAt, records } = readFields(FIELDS, sheet);
    const counts = Object.entries(records).map(
      ([hex, count]) => [Number.parseInt(hex, 16), Number(count)] as const,
    );
    return { countedAt, records: new Map(counts) };
  } catch (error) {
    if (error instanceof UnreadableRecord) return undefined;
    throw error;
  }
}

function refused(verb: string, status: number): LedgerUnavailable {
  return new LedgerUnavailable(`the Kubernetes API refused to ${verb} ${NAME}: HTTP ${status}`);
}
