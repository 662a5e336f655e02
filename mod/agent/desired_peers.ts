/**
 * The other hosts of the cluster, by the address that their tunnels end at: from there tunnelled packets are let in. Two hosts that claim
 * one address are one peer, so that no two flows are the same.
 * @module
 */
import type { HostState } from "../model/records.ts";
import type { Flow } from "../pipeline/flow.ts";
import type { PipelineHost } from "../pipeline/input.ts";
import { peerFlows } from "../pipeline/pipeline.ts";

export class DesiredPeers {
  readonly #hosts = new Map<string, HostState>();
  readonly #byAddress = new Map<string, { labels: Set<string>; flows: readonly Flow[] }>();

  /** `own`: this host's label and tunnel address, which are nobody else's. */
  constructor(private readonly own: { readonly host: string; readonly vtepAddress: string }) {}

  get size(): number {
    return this.#byAddress.size;
  }
  labels(): Iterable<string> {
    return this.#hosts.keys();
  }
  addresses(): Iterable<string> {
    return this.#byAddress.keys();
  }
  flows(address: string): readonly Flow[] | undefined {
    return this.#byAddress.get(address)?.flows;
  }

  /** Tunnel address of the other host `label`; undefined when it has none, or this host's. */
  vtep(label: string): string | undefined {
    const address = this.#hosts.get(label)?.vtepAddress;
    return label === this.own.host || address === this.own.vtepAddress ? undefined : address;
  }

  /** Takes in the record of a host. Returns the addresses at which a peer came or went; undefined when its address is as before. */
  set(
    label: string,
    host: HostState | undefined,
    pipeline: PipelineHost | undefined,
  ): readonly string[] | undefined {
    const before = this.vtep(label);
    if (host) this.#hosts.set(label, host);
    else this.#hosts.delete(label);
    const after = this.vtep(label);
    if (before === after) return undefined;
    const changed: string[] = [];
    if (before !== undefined && this.#leave(before, label)) changed.push(before);
    if (after !== undefined && pipeline && this.#join(after, label, pipeline)) changed.push(after);
    return changed;
  }

  clear(): void {
    this.#hosts.clear();
    this.#byAddress.clear();
  }

  #leave(address: string, label: string): boolean {
    const peer = this.#byAddress.get(address);
    peer?.labels.delete(label);
    return peer?.labels.size === 0 && this.#byAddress.delete(address);
  }

  #join(address: string, label: string, pipeline: PipelineHost): boolean {
    const peer = this.#byAddress.get(address);
    if (peer) {
      peer.labels.add(label);
      return false;
    }
    const flows = peerFlows({ host: label, vtep: address }, pipeline);
    this.#byAddress.set(address, { labels: new Set([label]), flows });
    return true;
  }
}
