/**
 * Tells the physical network where the VLAN endpoints of this host are, when they appear, when an uplink comes up, and when nobody answers
 * for them any more. Best effort: an announcement that cannot be sent is tried again with its next turn.
 * @module
 */
import { arpAnnouncement, neighbourAnnouncement } from "../net/announcement_frame.ts";
import { messageOf } from "../state/message_of.ts";
import { AnnouncementQueue } from "./announcement_queue.ts";
import type { DesiredEndpoint } from "./desired_endpoint.ts";
import type { Log } from "./log.ts";
import type { PacketOut, Switch } from "./switch.ts";

/** 1,000 endpoints take 2 s: no burst for a switch's control plane. */
const BATCH = 50;
const PAUSE_MS = 100;
const SEND_DEADLINE_MS = 5_000;

export interface AnnouncerDeps {
  readonly switch: Switch;
  readonly log: Log;
  readonly now: () => number;
  readonly delay: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

export class Announcer {
  readonly #queue = new AnnouncementQueue();
  /** The last form of each endpoint that was announced. */
  readonly #announced = new Map<string, DesiredEndpoint>();
  #wake = new AbortController();

  constructor(private readonly deps: AnnouncerDeps) {}

  /** An endpoint is as wanted; says so to the network unless it has. Costs nothing for those of VXLAN networks. */
  appeared(wanted: DesiredEndpoint): void {
    const { id } = wanted.endpoint;
    if (typeof wanted.port.vlan !== "number" || this.#announced.get(id) === wanted) return;
    this.#announced.set(id, wanted);
    this.#add(id, wanted);
  }

  gone(id: string): void {
    this.#announced.delete(id);
    this.#queue.remove(id);
  }

  /** Announces all again. */
  again(): void {
    for (const [id, wanted] of this.#announced) this.#add(id, wanted);
  }

  /** Sends until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#wake = new AbortController();
      const now = this.deps.now();
      const packets = this.#queue.take(now, BATCH);
      if (packets.length > 0) await this.#send(packets, signal);
      const next = this.#queue.next();
      const pause = next === undefined ? LONG_MS : Math.max(next - now, PAUSE_MS);
      const woken = AbortSignal.any([signal, this.#wake.signal]);
      // A wake-up cuts only what is longer than the pause between two batches.
      await this.deps.delay(PAUSE_MS, signal);
      if (pause > PAUSE_MS) await this.deps.delay(pause - PAUSE_MS, woken);
    }
  }

  #add(id: string, wanted: DesiredEndpoint): void {
    this.#queue.add(id, announcements(wanted), this.deps.now());
    this.#wake.abort();
  }

  async #send(packets: readonly PacketOut[], signal: AbortSignal): Promise<void> {
    const within = AbortSignal.any([signal, AbortSignal.timeout(SEND_DEADLINE_MS)]);
    try {
      await this.deps.switch.sendPackets(packets, within);
    } catch (error) {
      if (signal.aborted) return;
      this.deps.log.debug("Could not announce {count} addresses: {error}", {
        count: packets.length,
        error: messageOf(error),
      });
    }
  }
}

/** With nothing to announce; an addition wakes it. */
const LONG_MS = 3_600_000;

/** As if the endpoint had sent them: NORMAL learns its MAC and tags what leaves by an uplink. */
function announcements({ endpoint, port }: DesiredEndpoint): PacketOut[] {
  const { macAddress, ipAddress, ipv6Address } = endpoint;
  const frames = [
    arpAnnouncement(macAddress, ipAddress),
    ...(ipv6Address ? [neighbourAnnouncement(macAddress, ipv6Address)] : []),
  ];
  return frames.map((frame) => ({ frame, inPort: port.number, actions: ["NORMAL"] }));
}
