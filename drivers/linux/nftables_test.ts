import { strict as assert } from "node:assert";
import { nftTable } from "./nftables.ts";

Deno.test("nft table is recognised by its digest, and not when a rule is missing or another prefix is wanted", () => {
  const table = nftTable("contivh0", ["172.19.0.0/16", "fdc0:171f:ac13::/64"]);
  assert.match(table.script, /ip saddr 172\.19\.0\.0\/16 oifname != "contivh0" masquerade/);
  assert.match(table.script, /ip6 saddr fdc0:171f:ac13::\/64 oifname != "contivh0" masquerade/);
  const listing = table.script;
  assert.equal(table.isIn(listing), true);
  assert.equal(table.isIn(listing.replace(/.*masquerade.*\n/, "")), false);
  assert.equal(nftTable("contivh0", ["172.20.0.0/16"]).isIn(listing), false);
});
