import assert from "node:assert/strict";
import { DOCTOR_OPTIONS, doctorSettings } from "./doctor.ts";
import { OptionError } from "./option.ts";
import { parseOptions } from "./parse_options.ts";

const settings = (...argv: string[]) =>
  doctorSettings(parseOptions(DOCTOR_OPTIONS, argv, () => undefined, []).values);

Deno.test("the doctor's settings are usable when nothing is given", () => {
  assert.deepEqual(settings(), {
    store: { kind: "embedded", path: "/var/lib/contiv/state.db" },
    ovsRunDirectory: "/run/openvswitch",
    runDirectory: "/run/contiv",
    pluginSocket: "/run/docker/plugins/netplugin.sock",
    dockerSocket: "/var/run/docker.sock",
    privateSubnet: "172.19.0.0/16",
    json: false,
  });
});

Deno.test("the doctor is told what the agent is told, and refuses what it would refuse", () => {
  const { pluginSocket, vtepAddress } = settings("--plugin-socket=none", "--vtep-ip=2001:db8::2");
  assert.deepEqual([pluginSocket, vtepAddress], ["none", "2001:db8::2"]);
  assert.throws(() => settings("--vtep-ip=eth0"), OptionError);
});
