/**
 * What the master's API is given: everything of the outside world that it uses.
 * @module
 */
import type { Log } from "../../mod/agent/log.ts";
import type { Cache } from "../../mod/state/cache.ts";
import type { Store } from "../../mod/state/store.ts";

export interface MasterInfo {
  readonly version: string;
  readonly gitCommit: string;
  readonly buildTime: string;
  /** This master's address as others reach it, without port. */
  readonly localAddress: string;
  /** Port of `leader-ip` in `/info`. */
  readonly port: number;
}

export interface MasterDependencies {
  readonly store: Store;
  readonly cache: Cache;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly info: MasterInfo;
  /** `docker`, `swarm-mode` or `kubernetes`: shown by `global inspect`. */
  readonly clusterMode: string;
  /** What this process does besides serving the API, for `/healthz`. */
  readonly roles: readonly string[];
  readonly log: Log;
}
