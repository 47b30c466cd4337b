/** ConfigMaps of ours as they are stored and listed, whatever they hold. */
import { COMPONENTS, LABELS, MANAGER, type ConfigMap } from "./configmap-record.ts";
import { UnreadableRecord } from "./record-codec.ts";

/** One stored version of one ConfigMap. */
export interface RecordRef {
  readonly name: string;
  readonly uid: string;
  /** Kubernetes' `resourceVersion`. */
  readonly version: string;
}

export function refOf({ metadata }: ConfigMap): RecordRef {
  return {
    name: metadata?.name ?? "",
    uid: metadata?.uid ?? "",
    version: metadata?.resourceVersion ?? "",
  };
}

export interface Selector extends Readonly<Record<string, string>> {
  readonly labelSelector: string;
}

/** @param customerId of one customer alone */
export function ofComponent(component: keyof typeof COMPONENTS, customerId?: string): Selector {
  const { managedBy, component: label, customer } = LABELS;
  const ofCustomer = customerId === undefined ? "" : `,${customer}=${customerId}`;
  return {
    labelSelector: `${managedBy}=${MANAGER},${label}=${COMPONENTS[component]}${ofCustomer}`,
  };
}

/** What cannot be read is named. */
export function readAll<T>(
  items: readonly ConfigMap[],
  readOne: (item: ConfigMap) => T,
): { readonly read: readonly T[]; readonly unreadable: readonly string[] } {
  const read: T[] = [];
  const unreadable: string[] = [];
  for (const item of items) {
    try {
      read.push(readOne(item));
    } catch (error) {
      if (!(error instanceof UnreadableRecord)) throw error;
      unreadable.push(item.metadata?.name ?? "");
    }
  }
  return { read, unreadable };
}
