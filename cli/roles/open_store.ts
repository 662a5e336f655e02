/**
 * The store that the settings name, by its driver. Clusters' drivers are loaded only where they are used, and opened without waiting
 * for a server: whether one answers is seen by the first call.
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { Store } from "../../mod/state/store.ts";
import type { StoreSettings } from "./store_settings.ts";

/** Throws StoreError: for an embedded store "unavailable" (later, perhaps) or "unusable"; for a cluster never "unavailable". */
export async function openStore(settings: StoreSettings): Promise<Store> {
  const logger = getLogger(["contiv", "store"]);
  switch (settings.kind) {
    case "embedded": {
      const { openEmbeddedStore } = await import(
        "../../drivers/store/embedded/embedded_store.ts"
      );
      return await openEmbeddedStore({ path: settings.path });
    }
    case "etcd": {
      const { openEtcdStore } = await import("../../drivers/store/etcd/etcd_store.ts");
      const { endpoints, tls, auth } = settings;
      return await openEtcdStore({
        endpoints,
        ...(tls ? { tls } : {}),
        ...(auth ? { auth } : {}),
        logger,
      });
    }
    case "consul": {
      const { openConsulStore } = await import("../../drivers/store/consul/consul_store.ts");
      const { endpoints, tls, token } = settings;
      return await openConsulStore({
        endpoints,
        ...(tls ? { tls } : {}),
        ...(token ? { token } : {}),
        logger,
      });
    }
  }
}
