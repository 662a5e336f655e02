/**
 * What the API's objects mean, one file each.
 * @module
 */
import { endpointGroupIntent } from "./endpoint_group.ts";
import { globalIntent } from "./global.ts";
import { networkIntent } from "./network.ts";
import type { ObjectIntent } from "./object_intent.ts";
import { tenantIntent } from "./tenant.ts";

export const objectIntents: readonly ObjectIntent[] = [
  endpointGroupIntent,
  globalIntent,
  networkIntent,
  tenantIntent,
];
