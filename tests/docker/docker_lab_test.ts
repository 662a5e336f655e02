/**
 * A real dockerd 20.10 with the driver: what users do, and what engines do when they are stopped, killed and restored.
 * @module
 */
import assert from "node:assert/strict";
import type { DockerNetworkState, EndpointState } from "../../mod/model/records.ts";
import { MANAGED_LABEL } from "../../mod/docker/networks.ts";
import { putObject, removeObject } from "../../mod/intent/objects.ts";
import { addressPrefix, DOCKER_NETWORKS, ENDPOINTS, NETWORKS } from "../../mod/state/keys.ts";
import { readAll } from "../../mod/state/snapshot.ts";
import { DockerHost, eventually } from "./docker_host.ts";
import { type DriverUnderTest, startVethDriver } from "./driver_under_test.ts";
import { TestState } from "./test_state.ts";

interface Lab {
  readonly host: DockerHost;
  readonly driver: DriverUnderTest;
  readonly state: TestState;
}

async function withLab(name: string, body: (lab: Lab) => Promise<void>): Promise<void> {
  const host = await DockerHost.create(name);
  const state = new TestState();
  try {
    const driver = await startVethDriver(host, state);
    try {
      await body({ host, driver, state });
    } finally {
      await driver.stop();
    }
  } finally {
    await host.destroy();
  }
}

/** As `ctl network create` does; resolves when the host's engine has the network. */
async function createNetwork({ host, state }: Lab, name: string, subnet: string): Promise<void> {
  const gateway = subnet.replace(/\.0\/\d+$/, ".254");
  const object = { tenantName: "default", networkName: name, encap: "vxlan", subnet, gateway };
  await state.commit((snapshot) =>
    putObject(snapshot, "networks", `default:${name}`, object, context())
  );
  await eventually(`engine has ${name}`, async () => {
    const found = await host.docker("network", "inspect", name);
    return found.code === 0 ? true : undefined;
  });
}

async function removeNetwork({ state }: Lab, name: string): Promise<void> {
  await state.commit((snapshot) =>
    removeObject(snapshot, "networks", `default:${name}`, context())
  );
}

const context = () => ({ now: Date.now(), clusterMode: "docker" });

const endpoints = ({ state }: Lab) => readAll<EndpointState>(state.snapshot(), ENDPOINTS);
const addresses = ({ state }: Lab, network: string) =>
  state.snapshot().list(addressPrefix(`default:${network}`)).map((item) =>
    item.key.split("/").at(-1)
  );

Deno.test("engine has the store's networks, attaches containers and gives all back", async () => {
  await withLab("life", async (lab) => {
    const { host, state } = lab;
    await createNetwork(lab, "net1", "20.1.1.0/24");
    await createNetwork(lab, "net2", "20.1.2.0/24");
    const inspected = JSON.parse(await host.mustDocker("network", "inspect", "net1"))[0];
    assert.equal(inspected.Driver, "netplugin");
    assert.equal(inspected.IPAM.Driver, "netplugin");
    assert.equal(inspected.Labels[MANAGED_LABEL], "default:net1:");
    assert.equal(inspected.Options["pkt-tag"], "1");
    assert.equal(inspected.IPAM.Config[0].Gateway, "20.1.1.254");
    const mapped = readAll<DockerNetworkState>(state.snapshot(), DOCKER_NETWORKS);
    assert.equal(mapped.length, 2);

    await host.mustDocker("run", "-d", "--name", "web", "--net", "net1", "bb", "sleep", "600");
    const b = ["--ip", "20.1.1.77", "--mac-address", "02:00:00:00:00:99"];
    await host.mustDocker("run", "-d", "--name", "db", "--net", "net1", ...b, "bb", "sleep", "600");
    assert.deepEqual(addresses(lab, "net1"), ["20.1.1.1", "20.1.1.77"]);
    await host.mustDocker("exec", "web", "ping", "-c1", "-W2", "20.1.1.77");
    await host.mustDocker("exec", "web", "ping", "-c1", "-W2", "db");
    const shown = await host.mustDocker("exec", "db", "ip", "addr");
    assert.match(shown, /02:00:00:00:00:99/);
    assert.match(shown, /20\.1\.1\.77\/24/);
    assert.doesNotMatch(shown, /eth1/, "no docker_gwbridge beside it");
    await eventually("endpoint's container is known", () =>
      Promise.resolve(
        endpoints(lab).every((it) => ["web", "db"].includes(it.epCommonName)) || undefined,
      ));

    const taken = await host.docker(
      "run",
      "--rm",
      "--net",
      "net1",
      "--ip",
      "20.1.1.77",
      "bb",
      "true",
    );
    assert.notEqual(taken.code, 0);
    assert.match(taken.stderr, /20\.1\.1\.77/);
    assert.deepEqual(addresses(lab, "net1"), ["20.1.1.1", "20.1.1.77"], "still b's");
    await host.mustDocker("exec", "web", "ping", "-c1", "-W2", "20.1.1.77");

    await host.mustDocker("network", "connect", "net2", "web");
    assert.match(await host.mustDocker("exec", "web", "ip", "addr"), /20\.1\.2\.1\/24/);
    await host.mustDocker("network", "disconnect", "net2", "web");
    assert.deepEqual(addresses(lab, "net2"), []);

    await host.mustDocker("stop", "-t", "0", "db");
    assert.deepEqual(addresses(lab, "net1"), ["20.1.1.1"]);
    await host.mustDocker("start", "db");
    assert.deepEqual(addresses(lab, "net1"), ["20.1.1.1", "20.1.1.77"]);
    await host.mustDocker("rm", "-f", "web", "db");
    assert.deepEqual(endpoints(lab), []);
    assert.deepEqual(addresses(lab, "net1"), []);

    await removeNetwork(lab, "net1");
    await eventually(
      "engine lost net1",
      async () => (await host.docker("network", "inspect", "net1")).code === 0 ? undefined : true,
    );
    await host.mustDocker("network", "rm", "net2");
    await eventually(
      "net2 is made again",
      async () => (await host.docker("network", "inspect", "net2")).code === 0 ? true : undefined,
    );
  });
});

Deno.test("engine gets a Contiv network of its own when a user creates one in Docker", async () => {
  await withLab("own", async (lab) => {
    const { host, state } = lab;
    const create = ["network", "create", "-d", "netplugin"];
    const ours = [...create, "--ipam-driver", "netplugin"];
    const before = state.dump();
    await host.mustDocker(...ours, "--subnet", "10.66.0.0/24", "mine");
    await host.mustDocker(...ours, "chosen");
    await host.mustDocker(...create, "--subnet", "10.57.0.0/24", "default-ipam");
    await host.mustDocker(...ours, "--internal", "--subnet", "10.58.0.0/24", "inside");
    const six = ["--ipv6", "--subnet", "10.59.0.0/24", "--subnet", "fd00:59::/64"];
    await host.mustDocker(...ours, ...six, "six");
    assert.equal(state.snapshot().list(NETWORKS).length, 5);
    const overlap = await host.docker(...ours, "--subnet", "10.66.0.0/25", "overlap");
    assert.match(overlap.stderr, /conflicts with subnet 10\.66\.0\.0\/25/);

    for (const network of ["mine", "chosen", "default-ipam", "inside", "six"]) {
      const name = `c-${network}`;
      await host.mustDocker("run", "-d", "--name", name, "--net", network, "bb", "sleep", "600");
      const links = await host.mustDocker("exec", name, "ip", "addr");
      assert.doesNotMatch(links, /eth1/, network);
      if (network === "six") assert.match(links, /fd00:59::/);
    }
    const fixed = ["run", "--rm", "--net", "six", "--ip6", "fd00:59::77", "bb", "ip", "addr"];
    assert.match(await host.mustDocker(...fixed), /fd00:59::77\/64/);
    const routes = await host.mustDocker("exec", "c-inside", "ip", "route");
    assert.doesNotMatch(routes, /default/);

    const containers = ["c-mine", "c-chosen", "c-default-ipam", "c-inside", "c-six"];
    await host.mustDocker("rm", "-f", ...containers);
    await host.mustDocker("network", "rm", "mine", "chosen", "default-ipam", "inside", "six");
    assert.deepEqual(Object.keys(state.dump()), Object.keys(before), "nothing is left");
  });
});

Deno.test("containers are served again when dockerd is stopped, killed, or restored live", async () => {
  await withLab("restart", async (lab) => {
    const { host } = lab;
    await createNetwork(lab, "net1", "20.1.1.0/24");
    const keep = [
      "run",
      "-d",
      "--restart",
      "always",
      "--stop-timeout",
      "1",
      "--net",
      "net1",
      "--name",
    ];
    await host.mustDocker(...keep, "web", "bb", "sleep", "600");
    await host.mustDocker(...keep, "db", "bb", "sleep", "600");
    const pinged = () =>
      eventually(
        "web reaches db",
        async () =>
          (await host.docker("exec", "web", "ping", "-c1", "-W1", "db")).code === 0
            ? true
            : undefined,
      );
    await pinged();
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      await host.stop(signal);
      await host.start();
      await pinged();
      assert.equal(endpoints(lab).length, 2, signal);
      assert.equal(addresses(lab, "net1").length, 2, signal);
    }
    await host.stop();
    await host.start("--live-restore");
    await pinged();
    const before = endpoints(lab).map((it) => it.endpointID).sort();
    await host.stop();
    await host.start("--live-restore");
    await pinged();
    assert.deepEqual(endpoints(lab).map((it) => it.endpointID).sort(), before);
    await host.mustDocker("rm", "-f", "web", "db");
    assert.deepEqual(addresses(lab, "net1"), []);
  });
});
