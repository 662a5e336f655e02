/**
 * In swarm mode, a network or group that a Docker network stands for goes with that Docker network, not before it.
 * @module
 */
import type { DockerNetworkState } from "../model/records.ts";
import { dockerNetworkKey } from "../state/keys.ts";
import type { IntentContext } from "./context.ts";
import type { Draft } from "./draft.ts";
import { IntentError } from "./error.ts";

/** `what`: `network net1`. */
export function refuseMapped(
  draft: Draft,
  [tenant, network, group]: readonly [string, string, string],
  what: string,
  { clusterMode }: IntentContext,
): void {
  if (clusterMode !== "swarm-mode") return;
  const key = dockerNetworkKey(tenant, network, group);
  const mapping = draft.read<DockerNetworkState>(key);
  draft.guard(key);
  const [id] = Object.values(mapping?.docknetUUID ?? {});
  if (id === undefined) return;
  throw new IntentError(
    "conflict",
    `cannot delete ${what} mapped to docker network ${id}`,
    `docker network rm ${id}`,
  );
}
