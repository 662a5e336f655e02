import assert from "node:assert/strict";
import type { Host } from "../lab/host.ts";
import { Lab } from "../lab/lab.ts";
import { waitFor } from "../lab/wait.ts";
import { ROUTER } from "../lab/wire.ts";
import { Contiv } from "./contiv.ts";
import { Namespace } from "./namespace.ts";
import { PROGRAM } from "./program.ts";

/** As docs/clusters.md has it. */
function etcd(host: Host, hosts: readonly Host[]): string[] {
  const { name, address } = host;
  return [
    "etcd",
    ...["--name", name, "--data-dir", "/run/etcd"],
    ...["--listen-client-urls", `http://${address}:2379,http://127.0.0.1:2379`],
    ...["--advertise-client-urls", `http://${address}:2379`],
    ...["--listen-peer-urls", `http://${address}:2380`],
    ...["--initial-advertise-peer-urls", `http://${address}:2380`],
    "--initial-cluster",
    hosts.map((each) => `${each.name}=http://${each.address}:2380`).join(","),
    ...["--auto-compaction-retention", "1h"],
  ];
}

Deno.test("three hosts become a cluster by the commands of docs/clusters.md, in any order", async () => {
  await using lab = await Lab.create({ name: "three" });
  const hosts: Host[] = [];
  for (const name of ["h1", "h2", "h3"]) {
    const host = await lab.host(name);
    await host.startOvs();
    hosts.push(host);
  }
  const endpoints = hosts.map(({ address }) => `${address}:2379`).join(",");
  const contivs = hosts.map((host) =>
    new Contiv(host, {
      args: [
        ...["--etcd-endpoints", endpoints, "--host", host.name],
        ...["--external-address", `${host.address}:9999`, "--vtep-ip", host.address],
      ],
    })
  );
  // The store comes last, and nothing has to be started again for it.
  for (const contiv of contivs) contiv.launch();
  for (const host of hosts) host.spawn(etcd(host, hosts));
  for (const contiv of contivs) await contiv.ready(60_000);

  const NETMASTER = hosts.map(({ address }) => `http://${address}:9999`).join(",");
  const ctl = async (contiv: Contiv, ...argv: string[]) => {
    const { code, stdout, stderr } = await contiv.run(argv, { env: { NETMASTER } });
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const [first, second, third] = contivs;
  assert.ok(first && second && third);
  await ctl(third, "network", "create", "--subnet", "10.1.0.0/16", "--gateway", "10.1.0.1", "web");
  for (const [index, contiv] of contivs.entries()) {
    const one = await Namespace.create(contiv.host, `one${index}`);
    const attach = ["endpoint", "attach", `--netns=one${index}`, "--network=web"];
    await waitFor(
      `an endpoint on ${contiv.host.name}`,
      async () => (await contiv.run(attach)).code === 0,
    );
    await one.mustReach("10.1.0.1");
  }
  await first.stop("SIGKILL");
  assert.match(await ctl(first, "network", "ls"), /web/);

  // These hosts have their addresses on plain links, which the userspace datapath cannot tunnel through.
  const advice = /198\.18\.0\.\d+ is on eth0, .*ovs-vsctl add-br br-underlay/;
  for (const [{ host }, what] of [[first, "tunnels"], [third, "Contiv agent"]] as const) {
    const argv = ["--etcd-endpoints", endpoints, "--vtep-ip", host.address];
    const { stdout, stderr } = await host.exec([...PROGRAM, "doctor", "--json", ...argv]);
    assert.ok(stdout, stderr);
    const findings: { what: string; level: string; finding: string }[] = JSON.parse(stdout);
    const found = findings.find((each) => each.what === what);
    assert.equal(found?.level, "warn", stdout);
    assert.match(found?.finding ?? "", advice);
  }
  // So they do what docs/hosts.md says.
  for (const contiv of [second, third]) {
    await moveUnderlay(contiv.host);
    await contiv.restart();
    assert.doesNotMatch(await health(contiv.host), /warning/);
  }
  const enter = ["nsenter", "--net=/run/netns/one1", "--"];
  await waitFor("containers of two hosts to reach each other", async () => {
    return (await second.host.exec([...enter, "ping", "-c1", "-W1", "10.1.0.4"])).code === 0;
  });
});

/** As docs/hosts.md has it. */
async function moveUnderlay(host: Host): Promise<void> {
  const mac = (await host.must(["cat", "/sys/class/net/eth0/address"])).trim();
  for (
    const command of [
      `ovs-vsctl add-br br-underlay -- set bridge br-underlay datapath_type=netdev other_config:hwaddr=${
        JSON.stringify(mac)
      } -- add-port br-underlay eth0`,
      "ethtool -K eth0 tx off",
      "ip address flush dev eth0 scope global",
      `ip address add ${host.address}/24 dev br-underlay`,
      "ip link set br-underlay up",
      `ip route replace default via ${ROUTER}`,
    ]
  ) await host.must(command.split(" "));
}

function health(host: Host): Promise<string> {
  const socket = "/run/contiv/agent.sock";
  return host.must(["curl", "-s", "--unix-socket", socket, "http://localhost/healthz"]);
}
