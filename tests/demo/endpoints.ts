/**
 * The demo's two endpoints: Docker containers where an engine runs, else network namespaces. Both are used in the same way.
 * @module
 */
import { imageArchive } from "../lab/image.ts";
import { must, run } from "../lab/command.ts";
import { waitFor } from "../lab/wait.ts";
import { makeNamespace } from "./host.ts";
import { ctlArguments, ctlEnvironment, ENDPOINTS, NETWORK, type Place } from "./settings.ts";
import type { Undo } from "./undo.ts";

const IMAGE = "contiv-demo:busybox";

/** The words that run a command inside of an endpoint. */
export type Inside = (endpoint: string) => string[];

/** Waits until the engine has, or no longer has, the network: the agent sees to it, outside of any command. */
export async function dockerNetwork(what: string, present: boolean): Promise<void> {
  await waitFor(`Docker's network ${NETWORK} to ${what}`, async () => {
    const { code } = await run(["docker", "network", "inspect", NETWORK]);
    return (code === 0) === present;
  });
}

export async function attachEndpoints(place: Place, undo: Undo): Promise<Inside> {
  return place.docker ? await runContainers(place, undo) : await attachNamespaces(place, undo);
}

async function attachNamespaces(place: Place, undo: Undo): Promise<Inside> {
  const env = ctlEnvironment(place);
  for (const name of ENDPOINTS) {
    await makeNamespace(name, undo);
    await must(ctlArguments("endpoint", "attach", "--netns", name, "--network", NETWORK), { env });
    undo.add(`detach ${name}`, () => must(ctlArguments("endpoint", "detach", name), { env }));
  }
  return (endpoint) => ["ip", "netns", "exec", endpoint];
}

async function runContainers(place: Place, undo: Undo): Promise<Inside> {
  const archive = await imageArchive(place.directory);
  await must(["docker", "import", archive, IMAGE]);
  undo.add(`remove the image ${IMAGE}`, () => must(["docker", "image", "rm", IMAGE]));
  for (const name of ENDPOINTS) {
    const options = ["--detach", "--name", name, "--hostname", name, "--network", NETWORK];
    await must(["docker", "run", ...options, IMAGE, "/bin/sleep", "1000000"]);
    undo.add(`remove the container ${name}`, () => must(["docker", "rm", "--force", name]));
  }
  return (endpoint) => ["docker", "exec", endpoint];
}
