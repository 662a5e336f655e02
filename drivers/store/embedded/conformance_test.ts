import { join } from "node:path";
import type { Store } from "../../../mod/state/store.ts";
import { storeConformance } from "../conformance.ts";
import { openEmbeddedStore } from "./embedded_store.ts";

storeConformance("embedded", async (): Promise<Store> => {
  const directory = await Deno.makeTempDir();
  const store = await openEmbeddedStore({ path: join(directory, "contiv.db") });
  const close = store.close.bind(store);
  store.close = async () => {
    await close();
    await Deno.remove(directory, { recursive: true }).catch(() => {});
  };
  return store;
});
