/**
 * The loop that keeps the other hosts' tunnel ends known to the userspace datapath (mod/agent/tunnel_neighbours.ts).
 * @module
 */
import { askNeighbour } from "../../drivers/linux/ask_neighbour.ts";
import type { HostFacts } from "../../mod/agent/host_facts.ts";
import { TunnelNeighbours } from "../../mod/agent/tunnel_neighbours.ts";
import { delay } from "./delay.ts";
import type { Services } from "./services.ts";
import type { State } from "./state_part.ts";

/** A look reads the hosts' records in memory only. */
const INTERVAL_MS = 1_000;

/** Until `services` close; nothing with the kernel's datapath, which does not lose what waits for a neighbour. */
export function startNeighbours(
  state: Pick<State, "cache">,
  facts: Pick<HostFacts, "host" | "vtepAddress" | "datapath">,
  services: Services,
): void {
  if (facts.datapath !== "netdev") return;
  const stop = new AbortController();
  const asking = ask(state, new TunnelNeighbours(facts), stop.signal);
  services.add("tunnel neighbours", async () => {
    stop.abort();
    await asking;
  });
}

async function ask(
  { cache }: Pick<State, "cache">,
  neighbours: TunnelNeighbours,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    if (cache.synced) {
      await Promise.all(neighbours.due(cache.snapshot(), performance.now()).map(askNeighbour));
    }
    await delay(INTERVAL_MS, signal);
  }
}
