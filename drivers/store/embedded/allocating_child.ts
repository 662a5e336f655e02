/**
 * One of the processes of the allocation test: makes and removes endpoints as an agent does, as fast as it can and several at a time,
 * and says what was acknowledged, until it is killed.
 * @module
 */
import {
  createEndpoint,
  deleteEndpoint,
  releaseAddress,
  requestAddress,
} from "../../../mod/intent/endpoint.ts";
import { Cache } from "../../../mod/state/cache.ts";
import type { Plan } from "../../../mod/state/plan.ts";
import type { Snapshot } from "../../../mod/state/snapshot.ts";
import { transact } from "../../../mod/state/transact.ts";
import { realTiming } from "../testing.ts";
import { openEmbeddedStore } from "./embedded_store.ts";

const [path = "", name = ""] = Deno.args;
const never = new AbortController().signal;
const store = await openEmbeddedStore({ path });
const cache = await Cache.start(store, { ...realTiming, signal: never });
const encoder = new TextEncoder();
const context = { now: 1, host: "h", vtepIP: "" };

function commit<T>(decide: (snapshot: Snapshot) => Plan<T>): Promise<T> {
  return transact(store, cache, decide, { signal: never, domain: "endpoints" });
}

/** In one system call, so that a kill leaves a whole line or nothing. */
function say(line: string): void {
  Deno.stdout.writeSync(encoder.encode(`${line}\n`));
}

/** As Docker asks for it: the address first and then the endpoint, and the other way round in the end. */
async function lane(number: number): Promise<never> {
  for (let i = 0;; i++) {
    const endpointID = `${name}-${number}-${i}`;
    const docker = Math.random() < 0.5;
    const space = "default:net1";
    const address = docker
      ? await commit((snapshot) => requestAddress(snapshot, { space, family: 4 }, context))
      : undefined;
    const endpoint = await commit((snapshot) =>
      createEndpoint(snapshot, {
        tenant: "default",
        network: "net1",
        group: "",
        endpointID,
        ...(address === undefined ? {} : { address }),
        attachment: docker ? { kind: "docker" } : { kind: "netns", sandbox: "/x" },
      }, context)
    );
    say(`+ ${endpointID} ${endpoint.ipAddress} ${endpoint.portNumber}`);
    if (Math.random() < 0.3) continue;
    say(`? ${endpointID}`);
    await commit((snapshot) => deleteEndpoint(snapshot, { endpointID }, context));
    say(`- ${endpointID}`);
    if (address !== undefined) {
      await commit((snapshot) => releaseAddress(snapshot, { space, address }, context));
    }
  }
}

await Promise.all([1, 2, 3].map(lane));
