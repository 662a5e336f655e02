/**
 * Subnets that the hosts themselves have addresses in. A host that got a route into such a one by an interface of ours would lose the others.
 * @module
 */
import type { HostState } from "../model/records.ts";
import { type Address, parseAddress } from "../net/address.ts";
import { type Prefix, prefixContains } from "../net/prefix.ts";
import { HOSTS } from "../state/keys.ts";
import { readAll, type Snapshot } from "../state/snapshot.ts";
import type { Draft } from "./draft.ts";
import { IntentError } from "./error.ts";

/** The hosts by the addresses that they are reached at, to look for many subnets. */
export class HostAddresses {
  readonly #all: readonly (readonly [Address, HostState])[];

  constructor(snapshot: Snapshot) {
    this.#all = readAll<HostState>(snapshot, HOSTS).flatMap((host) =>
      [host.vtepAddress, host.controlAddress].map(parseAddress)
        .filter((address) => address !== undefined)
        .map((address) => [address, host] as const)
    );
  }

  /** The first host that has its tunnel or control address in the subnet. */
  within(prefix: Prefix): HostState | undefined {
    return this.#all.find(([address]) =>
      address.family === prefix.address.family && prefixContains(prefix, address)
    )?.[1];
  }
}

/** Throws IntentError "conflict" when a host has. A host that comes later is its administrator's to see. */
export function refuseHostsWithin(
  draft: Draft,
  network: string,
  subnet: string,
  prefix: Prefix,
): void {
  const host = new HostAddresses(draft.snapshot).within(prefix);
  if (!host) return;
  throw new IntentError(
    "conflict",
    `infra network ${network} cannot have the subnet ${subnet}: host ${host.id} is reached at ${host.vtepAddress} or ${host.controlAddress}`,
    "choose a subnet that no host has an address in",
  );
}
