export type TextMap = Readonly<Record<string, string>>;

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/ */
export interface ObjectMeta {
  readonly name: string;
  readonly generateName?: string | undefined;
  readonly namespace?: string | undefined;
  readonly uid: string;
  /** Absent only in the answer to a dry run of a create. */
  readonly resourceVersion?: string | undefined;
  /** RFC 3339, whole seconds. */
  readonly creationTimestamp: string;
  readonly labels?: TextMap | undefined;
  readonly annotations?: TextMap | undefined;
}

/** A stored object; never changed, only replaced. */
export interface KubeObject {
  readonly kind: string;
  readonly apiVersion: "v1";
  readonly metadata: ObjectMeta;
  readonly data?: TextMap | undefined;
  readonly binaryData?: TextMap | undefined;
  readonly immutable?: boolean | undefined;
  readonly spec?: unknown;
  readonly status?: unknown;
}

/** An object as a client sends it, its unknown fields left out. */
export interface Draft {
  readonly metadata: Partial<ObjectMeta>;
  readonly data?: TextMap | undefined;
  readonly binaryData?: TextMap | undefined;
  readonly immutable?: boolean | undefined;
}
