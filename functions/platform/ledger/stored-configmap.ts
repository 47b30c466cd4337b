/** ConfigMaps of ours as they are stored and listed, whatever they hold. */
import { COMPONENTS, LABELS, MANAGER, type ConfigMap } from "./configmap-record.ts";
import { readFields, UnreadableRecord, writeFields, type Fields } from "./record-codec.ts";

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

interface OneValue<T> {
  readonly component: keyof typeof COMPONENTS;
  readonly name: string;
  readonly fields: Fields<T>;
  /** Whose it is, where it is looked for by customer. */
  readonly customerId?: string;
}

/** A ConfigMap that stands beside the records and holds one value in its data. */
export function holding<T>(
  value: T,
  { component, name, fields, customerId }: OneValue<T>,
): ConfigMap {
  const labels = {
    [LABELS.managedBy]: MANAGER,
    [LABELS.component]: COMPONENTS[component],
    ...(customerId !== undefined && { [LABELS.customer]: customerId }),
  };
  const data = {};
  writeFields(fields, value, { name, labels, data, annotations: {} });
  return { metadata: { name, labels }, data };
}

/** What `holding` has put there. @throws UnreadableRecord naming the field */
export function heldBy<T>({ metadata, data = {} }: ConfigMap, fields: Fields<T>): T {
  return readFields(fields, { name: metadata?.name ?? "", labels: {}, annotations: {}, data });
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
