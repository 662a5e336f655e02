import assert from "node:assert/strict";
import { OptionError } from "./option.ts";
import { UP_OPTIONS } from "./options.ts";
import { parseOptions } from "./parse_options.ts";
import { masterSettings, pluginSettings } from "./settings.ts";

const values = (...argv: string[]) => parseOptions(UP_OPTIONS, argv, () => undefined, []).values;

Deno.test("settings are usable when nothing is given", () => {
  const master = masterSettings(values());
  assert.deepEqual(master.listen, { hostname: "127.0.0.1", port: 9999 });
  assert.deepEqual(master.store, { kind: "embedded", path: "/var/lib/contiv/state.db" });
  assert.equal(master.hostGrace, 86_400_000);
  assert.equal(masterSettings(values("--host-grace=never")).hostGrace, Infinity);
  assert.equal(masterSettings(values("--host-grace=90s")).hostGrace, 90_000);
  assert.equal(pluginSettings(values()).driver?.socket, "/run/docker/plugins/netplugin.sock");
});

Deno.test("settings hold what was given", () => {
  const plugin = pluginSettings(
    values(
      "--host=n1",
      "--vtep-ip=fd00::1",
      "--plugin-socket=none",
      "--debug",
      "--vxlan-port=8472",
    ),
  );
  assert.equal(plugin.host, "n1");
  assert.equal(plugin.vtepAddress, "fd00::1");
  assert.equal(plugin.driver, undefined);
  assert.equal(plugin.log.level, "debug");
  assert.equal(plugin.vxlanPort, 8472);
  assert.deepEqual(masterSettings(values("--listen-url=:8080")).listen, {
    hostname: "0.0.0.0",
    port: 8080,
  });
  assert.deepEqual(masterSettings(values("--listen-url=[::1]:80")).listen, {
    hostname: "::1",
    port: 80,
  });
});

Deno.test("settings find the driver's socket by its name, or its name by its socket", () => {
  const driver = (...argv: string[]) => pluginSettings(values(...argv)).driver;
  assert.deepEqual(driver("--name=a"), {
    name: "a",
    socket: "/run/docker/plugins/a.sock",
    scope: "local",
  });
  assert.deepEqual(driver("--plugin-socket=/x/b.sock"), {
    name: "b",
    socket: "/x/b.sock",
    scope: "local",
  });
  assert.deepEqual(driver("--name=b", "--plugin-socket=/x/b.sock"), {
    name: "b",
    socket: "/x/b.sock",
    scope: "local",
  });
  assert.equal(driver("--docker-scope=global")?.scope, "global");
  assert.throws(
    () => driver("--docker-scope=swarm"),
    /--docker-scope="swarm" cannot be used: it must be local or global/,
  );
});

Deno.test("settings take name servers with and without ports", () => {
  const { resolvers } = pluginSettings(values("--dns-server=1.1.1.1,9.9.9.9:5353,::1,[::1]:54"));
  assert.deepEqual(resolvers, [
    { address: "1.1.1.1", port: 53 },
    { address: "9.9.9.9", port: 5353 },
    { address: "::1", port: 53 },
    { address: "::1", port: 54 },
  ]);
  assert.deepEqual(pluginSettings(values()).resolvers, []);
});

const refused: [string, string, RegExp][] = [
  ["an unknown mode", "--mode=nomad", /--mode="nomad"/],
  [
    "VLANs that would be routed",
    "--netmode=vlan",
    /--netmode=vlan cannot be used without --fwdmode=bridge/,
  ],
  ["an unknown forwarding mode", "--fwdmode=hub", /--fwdmode="hub".*routing or bridge/],
  ["a grace time without a unit", "--host-grace=24", /--host-grace="24".*30m/],
  ["no grace time at all", "--host-grace=0s", /--host-grace="0s"/],
  ["a store with a relative path", "--store=embedded://state.db", /absolute path/],
  ["a leader's time that is too short", "--leader-ttl=1", /--leader-ttl="1".*3 to 60/],
  ["a log level that does not exist", "--log-level=LOUD", /--log-level="LOUD"/],
  ["an address without a port", "--external-address=127.0.0.1", /IP:PORT/],
  ["a host name where an address is needed", "--external-address=localhost:9999", /IP:PORT/],
  ["port 0", "--vxlan-port=0", /--vxlan-port="0"/],
  ["port 65536", "--vxlan-port=65536", /--vxlan-port="65536"/],
  ["a VTEP that is no address", "--vtep-ip=10.0.0", /--vtep-ip="10.0.0"/],
  ["uplinks without vlan", "--vlan-uplinks=eth1", /--vlan-uplinks/],
  ["a host label with a slash", "--host=a/b", /--host="a\/b"/],
  ["a relative run directory", "--run-directory=run", /absolute path/],
  ["a socket path that is too long", `--plugin-socket=/${"x".repeat(107)}`, /107 bytes/],
  [
    "a driver's name that is not its socket's",
    "--name=a --plugin-socket=/x/b.sock",
    /--name="a".*know the driver as "b"/,
  ],
  ["a driver's name with a slash", "--name=a/b", /--name="a\/b"/],
  ["an unknown datapath", "--datapath=dpdk", /--datapath="dpdk"/],
  ["a name server by its name", "--dns-server=1.1.1.1,dns.example", /"dns.example".*ADDRESS/],
  ["a name server's port 0", "--dns-server=[2001:db8::1]:0", /--dns-server="0"/],
  ["a syslog server by TCP", "--use-syslog --syslog-url=tcp://1.2.3.4:514", /--syslog-url/],
  ["an unknown fabric", "--infra=aci", /--infra="aci"/],
];
for (const [what, argv, message] of refused) {
  Deno.test(`settings refuse ${what} by name`, () => {
    assert.throws(() => {
      const given = values(...argv.split(" "));
      masterSettings(given);
      pluginSettings(given);
    }, (error: Error) => error instanceof OptionError && message.test(error.message));
  });
}
