/**
 * The body of `POST /v1/endpoints`: a network namespace that wants an endpoint.
 * @module
 */
import { z } from "zod";
import { NAME, NAME_OR_EMPTY } from "../../mod/model/grammar.ts";
import { parseAddress } from "../../mod/net/address.ts";
import { parseMac } from "../../mod/net/mac.ts";

const name = z.string().max(64).regex(NAME, { error: "string invalid format" });
const address = (family: 4 | 6) =>
  z.string().max(45).refine((it) => parseAddress(it)?.family === family, {
    error: `it must be an IPv${family} address`,
  });
/** As the kernel has it (dev_valid_name), printable and of one byte a character. */
const interfaceName = z.string().regex(/^(?!\.{1,2}$)[!-.0-9;-~]{1,15}$/, {
  error: 'it must have 1 to 15 letters, digits or signs other than "/" and ":"',
});

export const attachRequest = z.strictObject({
  tenant: name.default("default").describe("Tenant of the network"),
  network: name.describe("Network to attach to"),
  group: z.string().max(64).regex(NAME_OR_EMPTY, { error: "string invalid format" }).default("")
    .describe("Endpoint group, empty for none"),
  netns: z.string().min(1).max(1024).regex(/^\P{C}+$/u, {
    error: "it holds characters that cannot be printed",
  }).describe(
    "Network namespace: a name as `ip netns` shows it, or an absolute path such as /proc/PID/ns/net",
  ),
  address: address(4).optional().describe(
    "IPv4 address to get; the lowest free one when absent",
  ),
  address6: address(6).optional().describe("IPv6 address to get"),
  mac: z.string().max(17).refine((it) => parseMac(it) !== undefined, {
    error: "it must be the MAC address of one station, such as 02:42:0a:01:00:05",
  }).optional().describe(
    "MAC address; made from the IPv4 address when absent",
  ),
  interfaceName: interfaceName.default("eth0").describe(
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
