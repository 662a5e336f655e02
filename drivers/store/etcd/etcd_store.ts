/**
 * The store of a cluster of machines: etcd v3. What the interface promises is what etcd does; this adds that every endpoint is used,
 * and that nothing is sent twice that could be applied twice.
 * @module
 */
import { Buffer } from "node:buffer";
import { checkKey, checkPrefix, checkTransaction } from "../../../mod/state/limits.ts";
import {
  type CallOptions,
  type Compare,
  type KeyValue,
  type LeaseId,
  type ListResult,
  type MemberHealth,
  type Operation,
  type Revision,
  type Store,
  StoreError,
  type TransactionResult,
  type WatchBatch,
} from "../../../mod/state/store.ts";
import { Cluster } from "./cluster.ts";
import { healthOf } from "./health.ts";
import { grant, renew, revoke } from "./leases.ts";
import { listAll } from "./list.ts";
import { keyValueOf, txnRequest } from "./messages.ts";
import { checkOptions, type EtcdOptions } from "./options.ts";
import { loadTransport } from "./transport.ts";
import { watchCluster } from "./watch.ts";

export type { EtcdOptions } from "./options.ts";

/** Opens lazily: resolves even when no endpoint answers (calls then reject "unavailable"); rejects "unusable" for options that can never work. */
export async function openEtcdStore(options: EtcdOptions): Promise<Store> {
  checkOptions(options);
  return new EtcdStore(new Cluster(await loadTransport(options), options), options);
}

class EtcdStore implements Store {
  readonly description: string;

  constructor(private readonly cluster: Cluster, private readonly options: EtcdOptions) {
    this.description = cluster.description;
  }

  async get(key: string, options?: CallOptions): Promise<KeyValue | undefined> {
    checkKey(key);
    const request = { key: Buffer.from(key) };
    const { result } = await this.cluster.call({
      action: `read ${key}`,
      invoke: (etcd, call) => etcd.kv.range(request, call),
      repeatable: true,
    }, options);
    return result.kvs.map(keyValueOf).at(0);
  }

  async list(prefix: string, options?: CallOptions): Promise<ListResult> {
    checkPrefix(prefix);
    return await listAll(this.cluster, prefix, options);
  }

  async transact(
    compares: readonly Compare[],
    operations: readonly Operation[],
    options?: CallOptions,
  ): Promise<TransactionResult> {
    checkTransaction(compares, operations);
    const request = txnRequest(compares, operations);
    const { result } = await this.cluster.call({
      action: `write ${operations.map(({ key }) => key).slice(0, 3).join(", ")}`,
      invoke: (etcd, call) => etcd.kv.txn(request, call),
      repeatable: operations.length === 0,
    }, options);
    return { succeeded: result.succeeded, revision: Number(result.header.revision) };
  }

  async *watch(prefix: string, from: Revision, signal: AbortSignal): AsyncIterable<WatchBatch> {
    checkPrefix(prefix);
    yield* watchCluster(this.cluster, prefix, from, signal, this.options.auth?.username);
  }

  grantLease(ttl: number, options?: CallOptions): Promise<LeaseId> {
    return grant(this.cluster, ttl, options);
  }

  renewLease(lease: LeaseId, options?: CallOptions): Promise<void> {
    return renew(this.cluster, lease, options);
  }

  revokeLease(lease: LeaseId, options?: CallOptions): Promise<void> {
    return revoke(this.cluster, lease, options);
  }

  /** A revision that is compacted already is no error. */
  async compact(revision: Revision, options?: CallOptions): Promise<void> {
    const request = { revision: String(revision) };
    try {
      await this.cluster.call({
        action: `compact to revision ${revision}`,
        invoke: (etcd, call) => etcd.kv.compact(request, call),
        repeatable: true,
      }, options);
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== "compacted") throw error;
    }
  }

  health(options?: CallOptions): Promise<readonly MemberHealth[]> {
    return healthOf(this.cluster, options?.signal);
  }

  /** Running calls and watches end; what was sent may still be applied. */
  close(): Promise<void> {
    this.cluster.close();
    return Promise.resolve();
  }
}
