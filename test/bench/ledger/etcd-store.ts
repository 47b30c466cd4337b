/** Etcd behind a Kubernetes API, through its JSON gateway: fast copies of what is stored, and its size. */

export interface EtcdStore {
  /** What is stored of a ConfigMap, in the API server's own encoding. */
  valueOf(namespace: string, name: string): Promise<Buffer>;
  /** Stores ConfigMaps behind the API server's back; it must be restarted to see them for sure. */
  put(namespace: string, values: Iterable<readonly [name: string, value: Buffer]>): Promise<void>;
  /** Takes every ConfigMap of a namespace away, behind the API server's back as well. */
  clear(namespace: string): Promise<void>;
  /** Bytes that are in use, without what a defragmentation would free. */
  bytesInUse(): Promise<number>;
  /** Forgets older revisions, as the API server does every five minutes. */
  compact(): Promise<void>;
}

/** Operations of one transaction: etcd's `--max-txn-ops`, as it is by default. */
const PUTS_AT_ONCE = 128;

interface RangeAnswer {
  readonly header: { readonly revision: string };
  readonly kvs?: readonly { readonly value: string }[];
}

export function makeEtcdStore(url: string): EtcdStore {
  async function call<T>(path: string, body: object): Promise<T> {
    const answer = await fetch(`${url}/v3/${path}`, { method: "POST", body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`etcd ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }
  const range = (key: string) => call<RangeAnswer>("kv/range", { key: base64(key) });

  return {
    async valueOf(namespace, name) {
      const { kvs = [] } = await range(keyOf(namespace, name));
      if (!kvs[0]) throw new Error(`etcd holds no ConfigMap ${namespace}/${name}`);
      return Buffer.from(kvs[0].value, "base64");
    },
    async put(namespace, values) {
      let puts: object[] = [];
      const flush = async () => {
        if (puts.length > 0) await call("kv/txn", { success: puts });
        puts = [];
      };
      for (const [name, value] of values) {
        const key = base64(keyOf(namespace, name));
        puts.push({ requestPut: { key, value: value.toString("base64") } });
        if (puts.length === PUTS_AT_ONCE) await flush();
      }
      await flush();
    },
    async clear(namespace) {
      const key = keyOf(namespace, "");
      // Up to the first key that does not begin with it.
      await call("kv/deleterange", { key: base64(key), range_end: base64(`${key.slice(0, -1)}0`) });
    },
    async bytesInUse() {
      return Number((await call<{ dbSizeInUse: string }>("maintenance/status", {})).dbSizeInUse);
    },
    async compact() {
      const { revision } = (await range("/")).header;
      await call("kv/compaction", { revision, physical: true });
    },
  };
}

const keyOf = (namespace: string, name: string): string =>
  `/registry/configmaps/${namespace}/${name}`;

const base64 = (text: string): string => Buffer.from(text).toString("base64");
