import assert from "node:assert/strict";
import { portOfPrivateAddress, privateAddresses, privateSubnet } from "./private_subnet.ts";

Deno.test("privateSubnet gives contivh0 the original's address and MAC", () => {
  const subnet = privateSubnet("172.19.0.0/16");
  assert.equal(subnet?.address, "172.19.255.254");
  assert.equal(subnet?.mac, "02:02:ac:13:ff:fe");
  assert.equal(subnet?.prefix6, "fdc0:171f:ac13::/64");
  assert.equal(subnet?.address6, "fdc0:171f:ac13::fffe");
});

Deno.test("privateAddresses are made from the port number", () => {
  const subnet = privateSubnet("172.22.0.0/16");
  assert.ok(subnet);
  assert.deepEqual(privateAddresses(subnet, 258), {
    address: "172.22.1.2",
    address6: "fdc0:171f:ac16::102",
  });
});

Deno.test("portOfPrivateAddress undoes privateAddresses, and knows nobody else's", () => {
  const subnet = privateSubnet("172.22.0.0/16");
  assert.ok(subnet);
  for (const port of [1, 258, 60_000]) {
    const { address, address6 } = privateAddresses(subnet, port);
    assert.equal(portOfPrivateAddress(subnet, address), port);
    assert.equal(portOfPrivateAddress(subnet, address6), port);
  }
  for (const text of [subnet.address, subnet.address6, "172.22.0.0", "172.23.0.1", "::1", "x"]) {
    assert.equal(portOfPrivateAddress(subnet, text), undefined, text);
  }
});

Deno.test("privateSubnet refuses what is not an IPv4 /16", () => {
  for (const text of ["172.19.0.0/24", "fd00::/16", "172.19.0.0", ""]) {
    assert.equal(privateSubnet(text), undefined);
  }
});
