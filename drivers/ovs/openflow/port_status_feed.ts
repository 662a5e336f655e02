/**
 * Port status, told when it is in force. ovs-vswitchd says "add" before it gives the port its VLAN and lets its packets through (bridge.c,
 * bridge_reconfigure: bridge_add_ports, port_configure, type_run), for a hundred ports at once some 20 ms before. It reads no OpenFlow until
 * that is done, so the reply to a barrier that is sent after the "add" says that it is. One for each connection.
 * @module
 */
import type { PortStatus } from "./codec.ts";

export class PortStatusFeed {
  #heard: PortStatus[] = [];
  #asking = false;

  /** `barrier` resolves when the switch has answered one, and rejects when the connection has ended. `tell` must not throw. */
  constructor(
    private readonly barrier: () => Promise<void>,
    private readonly tell: (status: PortStatus) => void,
  ) {}

  hear(status: PortStatus): void {
    this.#heard.push(status);
    if (!this.#asking) void this.#confirm();
  }

  async #confirm(): Promise<void> {
    this.#asking = true;
    while (this.#heard.length > 0) {
      await Promise.resolve(); // the rest of what was read at once shares the barrier
      const heard = this.#heard.splice(0);
      if (!await this.#isConfirmed()) continue;
      for (const status of heard) if (!this.#isOver(status)) this.tell(status);
    }
    this.#asking = false;
  }

  /** False: the connection has ended. What was heard on it is worth nothing; the database will say. */
  async #isConfirmed(): Promise<boolean> {
    try {
      await this.barrier();
      return true;
    } catch {
      this.#heard = [];
      return false;
    }
  }

  /** The port went while the barrier was under way. */
  #isOver({ name }: PortStatus): boolean {
    return this.#heard.some((later) => later.reason === "delete" && later.name === name);
  }
}
