/**
 * The driver that the Docker lab tests run against. To run them against another (the agent on Open vSwitch), give another factory.
 * @module
 */
import { libnetworkApi } from "../../api/libnetwork/handler.ts";
import { servePlugin } from "../../api/libnetwork/socket.ts";
import { EndpointDetailsFollower } from "../../drivers/docker/endpoint_details.ts";
import { followEvents } from "../../drivers/docker/follow_events.ts";
import { NetworkController } from "../../drivers/docker/network_controller.ts";
import type { EndpointState } from "../../mod/model/records.ts";
import { updateEndpoint } from "../../mod/intent/endpoint.ts";
import { type DockerHost, must, run } from "./docker_host.ts";
import { StateEndpoints, type TestState, type Wiring } from "./test_state.ts";

export interface DriverUnderTest {
  readonly state: TestState;
  readonly controller: NetworkController;
  stop(): Promise<void>;
}

export type DriverFactory = (host: DockerHost, state: TestState) => Promise<DriverUnderTest>;

/** Endpoints are plain veth pairs on a Linux bridge: no policy, but a wire. */
export const startVethDriver: DriverFactory = async (host: DockerHost, state: TestState) => {
  const abort = new AbortController();
  const { signal } = abort;
  const endpoints = new StateEndpoints(state, host.name, vethWiring(host), Date.now);
  const common = { host: host.name, now: Date.now, snapshot: state.snapshot, commit: state.commit };
  const { finished } = await servePlugin(
    host.pluginSocket,
    libnetworkApi({ ...common, scope: "local", endpoints }),
    signal,
  );
  const controller = new NetworkController({ ...common, engine: host.engine, driver: "netplugin" });
  state.onChange(() => controller.changed());
  const details = new EndpointDetailsFollower(host.engine, async (found) => {
    const endpoint = endpoints.find(found.endpointID)?.endpoint;
    if (endpoint === undefined) return;
    const { containerId, commonName: epCommonName, labels } = found;
    await state.commit((snapshot) =>
      updateEndpoint(snapshot, endpoint.id, { containerId, epCommonName, labels })
    );
  });
  const following = follow(host, controller, details, signal);
  const controlling = controller.run(signal);
  return {
    state,
    controller,
    stop: async () => {
      abort.abort();
      await Promise.all([finished, following, controlling]);
    },
  };
};

async function follow(
  host: DockerHost,
  controller: NetworkController,
  details: EndpointDetailsFollower,
  signal: AbortSignal,
): Promise<void> {
  for await (const news of followEvents(host.engine, ["container", "network"], signal)) {
    if (news.type === "disconnected") continue;
    controller.changed();
    const work = news.type === "connected"
      ? details.refresh(signal)
      : details.handle(news.event, signal);
    await work.catch(() => {});
  }
}

function vethWiring({ namespace }: DockerHost): Wiring {
  const wires = `${namespace}-w`;
  return {
    async up(endpoint: EndpointState) {
      const peer = `h${endpoint.portNumber}`;
      const exists = await run("ip", "-n", wires, "link", "show", "dev", peer);
      if (exists.code === 0) return;
      const add = ["link", "add", "name", endpoint.intfName, "address", endpoint.macAddress];
      await must(
        "ip",
        "-n",
        namespace,
        ...add,
        "type",
        "veth",
        "peer",
        "name",
        peer,
        "netns",
        wires,
      );
      await must("ip", "-n", wires, "link", "set", peer, "master", "wires", "up");
    },
    async down(endpoint: EndpointState) {
      await run("ip", "-n", wires, "link", "del", "dev", `h${endpoint.portNumber}`);
    },
  };
}
