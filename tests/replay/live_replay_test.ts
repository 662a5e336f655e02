/**
 * What the original recorded while five containers were attached: the same containers, registered as its agent registered them, give
 * the same inspect documents and the same refusals.
 */
import assert from "node:assert/strict";
import { replayCommand } from "./replay_command.ts";
import { startMaster, type TestMaster } from "./master.ts";
import { readRecording } from "./recording.ts";

/** In the recording's order: numbers of groups and addresses follow from it. */
const NETWORKS = [["net1", "20.1.1"], ["net2", "20.1.2"]] as const;
const GROUPS = ["grpdeny", "grp1"];
const CONTAINERS: readonly (readonly [network: string, group: string, id: string])[] = [
  ["net1", "", "a8ae2d2b14fb1170c818f9c9f7cc8474134b86dd0025d85b760827c8088d3030"],
  ["net1", "", "6e0e1f7f8d3a9de5517dfda191d3a7abfee1c7da07e47ab5914aee1691d66ec6"],
  ["net1", "grp1", "e90dd8ddb8c9f6ad89b8b215ff425e3998a6dedab8fa5457e3e060d76158636b"],
  ["net1", "grpdeny", "0535729170a664de9b8354eecef11ab99155476bf6418f969c9aee9d7efe22cb"],
  ["net2", "", "225df6f1c060340d362217ebfe56837da844ff2ca4cad32956706918337ae242"],
];
/** The others are about policies and the original's own debugging. */
const STEPS = ["001", "002", "003", "007", "008"];

async function post(master: TestMaster, path: string, body: unknown): Promise<unknown> {
  const headers = { "content-type": "application/json" };
  const reply = await master.request(path, { method: "POST", headers, body: JSON.stringify(body) });
  const text = await reply.text();
  assert.equal(reply.status, 200, text);
  return JSON.parse(text);
}

async function attachAll(master: TestMaster): Promise<void> {
  const tenantName = "default";
  for (const [networkName, subnet] of NETWORKS) {
    const addresses = { subnet: `${subnet}.0/24`, gateway: `${subnet}.254` };
    const body = { tenantName, networkName, encap: "vxlan", ...addresses };
    await post(master, `/api/v1/networks/default:${networkName}/`, body);
  }
  for (const groupName of GROUPS) {
    const body = { tenantName, groupName, networkName: "net1" };
    await post(master, `/api/v1/endpointGroups/default:${groupName}/`, body);
  }
  for (const [NetworkName, ServiceName, EndpointID] of CONTAINERS) {
    const NetworkID = `${NetworkName}${ServiceName && `:${ServiceName}`}.default`;
    const allocated = await post(master, "/plugin/allocAddress", { NetworkID }) as {
      IPv4Address: string;
    };
    const IPAddress = allocated.IPv4Address.replace(/\/.*/, "");
    const ConfigEP = { Container: EndpointID, Host: "hostA", IPAddress, ServiceName };
    const body = { TenantName: tenantName, NetworkName, ServiceName, EndpointID, ConfigEP };
    await post(master, "/plugin/createEndpoint", body);
  }
}

Deno.test("inspect and refusals are the original's when its containers are attached", async () => {
  await using master = await startMaster();
  await attachAll(master);
  const differences: string[] = [];
  for (const step of await readRecording("netctl-rest-live-vxlan-routing.jsonl")) {
    if (!STEPS.includes(step.step) || !("argv" in step)) continue;
    for (const difference of await replayCommand(master, step, undefined)) {
      differences.push(`${step.step} ${step.argv.join(" ")}: ${difference}`);
    }
  }
  assert.deepEqual(differences, []);
});
