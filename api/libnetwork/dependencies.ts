/**
 * What the Docker driver needs of the process that it runs in.
 * @module
 */
import type { EndpointService } from "../../mod/agent/endpoint_service.ts";
import type { Plan } from "../../mod/state/plan.ts";
import type { Snapshot } from "../../mod/state/snapshot.ts";

export interface LibnetworkDependencies {
  /** This host's label. */
  readonly host: string;
  /** What the network driver announces: "global" with an engine's cluster store, whose networks every engine then has. */
  readonly scope: "local" | "global";
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** The cache's snapshot; throws or rejects when there is none yet. */
  readonly snapshot: () => Snapshot | Promise<Snapshot>;
  /** Decides on a snapshot and commits; again on conflict. Later snapshots hold what was written. */
  readonly commit: <T>(
    decide: (snapshot: Snapshot) => Plan<T>,
    signal: AbortSignal,
  ) => Promise<T>;
  readonly endpoints: EndpointService;
  /** Milliseconds that a driver call may take. Docker itself gives up on an absent driver after 15 s. */
  readonly deadline?: number;
}
