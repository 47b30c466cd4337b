/** Addresses a Service has inside a cluster, such as `http://request-intake.statements.svc/path`. */

export interface ClusterAddress {
  readonly service: string;
  readonly path: string;
}

/** undefined for an address outside the cluster. */
export function parseClusterAddress(uri: string): ClusterAddress | undefined {
  const { hostname, pathname, search } = new URL(uri);
  const [service = "", namespace, svc] = hostname.split(".");
  if (namespace === undefined || svc !== "svc") return undefined;
  return { service, path: pathname + search };
}
