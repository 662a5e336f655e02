import assert from "node:assert/strict";
import type { HostState } from "../model/records.ts";
import { fixedSnapshot } from "../state/fixed_snapshot.ts";
import { hostKey } from "../state/keys.ts";
import type { Snapshot } from "../state/snapshot.ts";
import { TunnelNeighbours } from "./tunnel_neighbours.ts";

function hosts(addresses: Readonly<Record<string, string>>): Snapshot {
  return fixedSnapshot(
    Object.fromEntries(
      Object.entries(addresses).map(([id, vtepAddress]): [string, HostState] => [
        hostKey(id),
        { id, identity: id, controlAddress: vtepAddress, vtepAddress, since: 1 },
      ]),
    ),
  );
}

Deno.test("tunnel ends are due when they appear, every 20 s, and anew when they come back", () => {
  const neighbours = new TunnelNeighbours({ host: "a", vtepAddress: "192.0.2.1" });
  const two = hosts({ a: "192.0.2.1", b: "192.0.2.2" });
  const three = hosts({ a: "192.0.2.1", b: "192.0.2.2", c: "192.0.2.3" });
  assert.deepEqual(neighbours.due(two, 0), ["192.0.2.2"]);
  assert.deepEqual(neighbours.due(two, 1_000), []);
  assert.deepEqual(neighbours.due(three, 2_000), ["192.0.2.3"]);
  assert.deepEqual(neighbours.due(three, 20_000), ["192.0.2.2"]);
  assert.deepEqual(neighbours.due(two, 20_001), []);
  assert.deepEqual(neighbours.due(three, 20_002), ["192.0.2.3"]);
});
