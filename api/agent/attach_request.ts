/**
 * The body of `POST /v1/endpoints`: a network namespace that wants an endpoint.
 * @module
 */
import { z } from "zod";

const name = z.string().min(1).max(64);

export const attachRequest = z.strictObject({
  tenant: name.default("default").describe("Tenant of the network"),
  network: name.describe("Network to attach to"),
  group: z.string().max(64).default("").describe("Endpoint group, empty for none"),
  netns: z.string().min(1).max(1024).describe(
    "Network namespace: a name as `ip netns` shows it, or an absolute path such as /proc/PID/ns/net",
  ),
  address: z.string().max(15).optional().describe(
    "IPv4 address to get; the lowest free one when absent",
  ),
  address6: z.string().max(45).optional().describe("IPv6 address to get"),
  mac: z.string().max(17).optional().describe(
    "MAC address; made from the IPv4 address when absent",
  ),
  interfaceName: z.string().regex(/^[^\s/:]{1,15}$/).default("eth0").describe(
    "Name of the interface inside the namespace",
  ),
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/).optional().describe(
    "Name of the endpoint; the namespace's name when absent",
  ),
}).describe("A network namespace that wants an endpoint");

export type AttachRequest = z.infer<typeof attachRequest>;

/** The endpoint's id when the caller gave no name: the last part of the namespace's name or path, or all of a /proc path. */
export function endpointName(request: AttachRequest): string {
  if (request.name !== undefined) return request.name;
  const path = request.netns.replace(/^\/+/, "");
  const parts = path.startsWith("proc/") ? [path] : path.split("/");
  return (parts.at(-1) ?? "").replace(/[^A-Za-z0-9_.-]/g, "-");
}
