/**
 * Reads all that an etcd cluster holds with etcdctl, for tests that cannot connect to it: it is in another network.
 * @module
 */
import { Buffer } from "node:buffer";
import type { KeyValue, ListResult } from "../../mod/state/store.ts";
import type { EtcdCluster } from "../lab/etcd.ts";

interface Range {
  readonly header: { readonly revision: number };
  readonly kvs?: readonly {
    readonly key: string;
    readonly value: string;
    readonly create_revision: number;
    readonly mod_revision: number;
    readonly version: number;
  }[];
}

export function etcdReader(
  etcd: Pick<EtcdCluster, "ctl">,
): { list(prefix: string): Promise<ListResult> } {
  const text = (base64: string) => Buffer.from(base64, "base64").toString();
  return {
    list: async (prefix) => {
      const range: Range = JSON.parse(await etcd.ctl(["get", "--prefix", prefix, "-w", "json"]));
      const items = (range.kvs ?? []).map((kv): KeyValue => ({
        key: text(kv.key),
        value: text(kv.value),
        createRevision: kv.create_revision,
        modRevision: kv.mod_revision,
        version: kv.version,
      }));
      return { items, revision: range.header.revision };
    },
  };
}
