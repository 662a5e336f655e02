/**
 * Keeps the link addresses of the other tunnel ends known to Open vSwitch's userspace datapath. It learns them from what it sees go by, and
 * drops the packet that it has to ask for one for: so the kernel is made to ask before there is a packet.
 * @module
 */
import type { HostState } from "../model/records.ts";
import { HOSTS } from "../state/keys.ts";
import { readAll, type Snapshot } from "../state/snapshot.ts";

/**
 * Open vSwitch learns from replies only, and forgets what it has not used for 15 min (`ovs-appctl tnl/neigh/aging`). The kernel asks for what
 * it takes for stale only, which is so after 15 to 45 s: so one of the first three times does it.
 */
const AGAIN_MS = 20_000;

export class TunnelNeighbours {
  /** When each was last asked for, steady ms. */
  #asked = new Map<string, number>();

  /** `own`: this host's label and tunnel address. */
  constructor(private readonly own: { readonly host: string; readonly vtepAddress: string }) {}

  /** The tunnel ends to ask for now; `steady`: ms of a clock that only goes on. */
  due(snapshot: Snapshot, steady: number): string[] {
    const asked = new Map<string, number>();
    const due: string[] = [];
    for (const { id, vtepAddress } of readAll<HostState>(snapshot, HOSTS)) {
      if (id === this.own.host || vtepAddress === this.own.vtepAddress) continue;
      const before = this.#asked.get(vtepAddress);
      const again = before === undefined || steady - before >= AGAIN_MS;
      if (again && !asked.has(vtepAddress)) due.push(vtepAddress);
      asked.set(vtepAddress, again ? steady : before);
    }
    this.#asked = asked;
    return due;
  }
}
