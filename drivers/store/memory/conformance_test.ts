import { storeConformance } from "../conformance.ts";
import { MemoryStore } from "./memory_store.ts";

storeConformance("memory", () => Promise.resolve(new MemoryStore()));
