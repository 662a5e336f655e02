/**
 * The IPAM driver: pools and addresses for Docker, out of Contiv's networks.
 * @module
 */
import { GLOBAL_ADDRESS_SPACE } from "../../mod/docker/names.ts";
import { formatPoolId, parsePoolId } from "../../mod/docker/pool_id.ts";
import {
  attachedWith,
  releasePoolAddress,
  requestPoolAddress,
} from "../../mod/docker/request_address.ts";
import type { EndpointKey } from "../../mod/docker/stale_endpoints.ts";
import type { Asker } from "../../mod/docker/asker.ts";
import { releasePool, requestPool } from "../../mod/docker/request_pool.ts";
import { formatPrefix } from "../../mod/net/prefix.ts";
import type { LibnetworkDependencies } from "./dependencies.ts";
import type { PendingPools } from "./pending_pools.ts";
import { Tally } from "./tally.ts";
import type { AddressRequestBody, PoolRequestBody } from "./wire.ts";

/**
 * Milliseconds in which a call may come a second time, the process before this having ended before it answered: engines try for 15 s.
 * The address that it released may be another container's by then.
 */
const REPETITION = 20_000;

/** Addresses that engines asked for in vain and have not released: more than this are none. */
const LIMIT = 1024;

export class IpamDriver {
  readonly #since: number;
  /** Addresses that were asked for by name while an endpoint had them. */
  readonly #again = new Tally(LIMIT);

  constructor(
    private readonly dependencies: LibnetworkDependencies,
    private readonly pending: PendingPools,
  ) {
    this.#since = dependencies.now();
  }

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
    // It cannot have it, and will release it, and not because it has given up the endpoint that has it.
    if (request.Address !== "" && await this.#attached(request)) this.#again.add(keyOf(request));
    return { Address: address, Data: {} };
  }

  async releaseAddress(request: AddressRequestBody, signal: AbortSignal): Promise<unknown> {
    await this.#removeAbandoned(request, signal);
    await this.dependencies.commit(
      (snapshot) => releasePoolAddress(snapshot, request.PoolID, request.Address, this.#asker()),
      signal,
    );
    return {};
  }

  /** An engine that crashed may release an address without having deleted the endpoint that has it. */
  async #removeAbandoned(request: AddressRequestBody, signal: AbortSignal): Promise<void> {
    const { endpoints, now } = this.dependencies;
    const endpoint = await this.#attached(request);
    if (this.#again.take(keyOf(request)) || now() - this.#since < REPETITION) return;
    if (endpoint !== undefined) await endpoints.remove(endpoint, signal);
  }

  async #attached({ PoolID, Address }: AddressRequestBody): Promise<EndpointKey | undefined> {
    const { host, snapshot } = this.dependencies;
    return attachedWith(await snapshot(), PoolID, Address, host);
  }

  #asker(): Asker {
    return { host: this.dependencies.host, now: this.dependencies.now() };
  }
}

function keyOf({ PoolID, Address }: AddressRequestBody): string {
  return `${PoolID} ${Address}`;
}
