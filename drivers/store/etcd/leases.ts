/**
 * Leases in etcd, whose times are whole seconds: a lease lives for its time rounded up, never less. etcd itself lengthens times below
 * one and a half of its election timeouts (2 s by its defaults), and after a change of its leader counts each lease from the start.
 * So nobody may rely on a lease for longer than the time that was asked for.
 * @module
 */
import type { Etcd3, ILeaseKeepAliveResponse } from "etcd3";
import type { CallOptions as GrpcOptions } from "@grpc/grpc-js";
import { type CallOptions, type LeaseId, StoreError } from "../../../mod/state/store.ts";
import type { Cluster } from "./cluster.ts";

/** Whether it is granted twice does not matter: the lease that nobody knows of has no keys, and expires. */
export async function grant(
  cluster: Cluster,
  ttl: number,
  options?: CallOptions,
): Promise<LeaseId> {
  const request = { TTL: String(Math.max(1, Math.ceil(ttl / 1000))) };
  const { result } = await cluster.call({
    action: "grant a lease",
    invoke: (etcd, call) => etcd.leaseClient.leaseGrant(request, call),
    repeatable: true,
  }, options);
  return result.ID;
}

export async function renew(
  cluster: Cluster,
  lease: LeaseId,
  options?: CallOptions,
): Promise<void> {
  checkLease(lease);
  const { result } = await cluster.call({
    action: `renew the lease ${lease}`,
    invoke: (etcd, call) => keepAliveOnce(etcd, lease, call),
    repeatable: true,
  }, options);
  if (Number(result.TTL) <= 0) throw notFound(lease);
}

export async function revoke(
  cluster: Cluster,
  lease: LeaseId,
  options?: CallOptions,
): Promise<void> {
  checkLease(lease);
  let tries = 0;
  try {
    await cluster.call({
      action: `revoke the lease ${lease}`,
      invoke: (etcd, call) => {
        tries++;
        return etcd.leaseClient.leaseRevoke({ ID: lease }, call);
      },
      repeatable: true,
    }, options);
  } catch (error) {
    // An earlier try whose answer was lost may well have been the one that ended it.
    const gone = error instanceof StoreError && error.code === "lease-not-found";
    if (!gone || tries < 2) throw error;
  }
}

/** Renewing is a stream in etcd; one question and its answer here, as who renews when is decided above. */
async function keepAliveOnce(
  etcd: Etcd3,
  lease: LeaseId,
  options: GrpcOptions,
): Promise<ILeaseKeepAliveResponse> {
  const stream = await etcd.leaseClient.leaseKeepAlive(options);
  const { promise, resolve, reject } = Promise.withResolvers<ILeaseKeepAliveResponse>();
  stream.on("data", resolve);
  stream.on("error", reject);
  stream.on("end", () => reject(new Error("the member ended the stream")));
  stream.write({ ID: lease });
  try {
    return await promise;
  } finally {
    stream.end();
  }
}

function checkLease(lease: LeaseId): void {
  if (!/^-?\d{1,19}$/.test(lease)) throw notFound(lease);
}

function notFound(lease: LeaseId): StoreError {
  return new StoreError("lease-not-found", `the lease ${lease} has expired`);
}
