/**
 * The IPAM driver: pools and addresses for Docker, out of Contiv's networks.
 * @module
 */
import { GLOBAL_ADDRESS_SPACE } from "../../mod/docker/names.ts";
import { formatPoolId, parsePoolId } from "../../mod/docker/pool_id.ts";
import { releasePoolAddress, requestPoolAddress } from "../../mod/docker/request_address.ts";
import type { Asker } from "../../mod/docker/asker.ts";
import { releasePool, requestPool } from "../../mod/docker/request_pool.ts";
import { formatPrefix } from "../../mod/net/prefix.ts";
import type { LibnetworkDependencies } from "./dependencies.ts";
import type { PendingPools } from "./pending_pools.ts";
import type { AddressRequestBody, PoolRequestBody } from "./wire.ts";

export class IpamDriver {
  constructor(
    private readonly dependencies: LibnetworkDependencies,
    private readonly pending: PendingPools,
  ) {}

  async requestPool(request: PoolRequestBody, signal: AbortSignal): Promise<unknown> {
    const { id, ref } = await this.dependencies.commit((snapshot) =>
      requestPool(snapshot, {
        pool: request.Pool,
        subPool: request.SubPool,
        options: request.Options,
        v6: request.V6,
        global: request.AddressSpace === GLOBAL_ADDRESS_SPACE,
      }, this.#asker()), signal);
    if (ref !== undefined) this.pending.add(id.prefix, ref);
    return { PoolID: formatPoolId(id), Pool: formatPrefix(id.prefix), Data: {} };
  }

  async releasePool({ PoolID }: { PoolID: string }, signal: AbortSignal): Promise<unknown> {
    const pool = parsePoolId(PoolID);
    if (pool !== undefined) this.pending.remove(pool.prefix, pool.name);
    await this.dependencies.commit((snapshot) => releasePool(snapshot, PoolID), signal);
    return {};
  }

  async requestAddress(request: AddressRequestBody, signal: AbortSignal): Promise<unknown> {
    const address = await this.dependencies.commit((snapshot) =>
      requestPoolAddress(snapshot, {
        poolId: request.PoolID,
        address: request.Address,
        options: request.Options,
      }, this.#asker()), signal);
    return { Address: address, Data: {} };
  }

  async releaseAddress(request: AddressRequestBody, signal: AbortSignal): Promise<unknown> {
    await this.dependencies.commit(
      (snapshot) => releasePoolAddress(snapshot, request.PoolID, request.Address, this.#asker()),
      signal,
    );
    return {};
  }

  #asker(): Asker {
    return { host: this.dependencies.host, now: this.dependencies.now() };
  }
}
