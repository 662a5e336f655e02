/**
 * The host's addresses and routes, by `ip -json`; none when iproute2 is not installed (the check of veth then says so).
 * @module
 */
import { z } from "zod";
import type { LinkAddress, Route } from "./facts.ts";
import { answer, outputOf } from "./probe.ts";

const LINKS = z.array(z.object({
  ifname: z.string(),
  mtu: z.number(),
  linkinfo: z.object({ info_kind: z.string().optional() }).optional(),
  addr_info: z.array(z.object({ local: z.string().optional(), prefixlen: z.number().optional() })),
}));
const ROUTES = z.array(z.object({ dst: z.string(), dev: z.string().optional() }));

export async function readAddresses(): Promise<LinkAddress[]> {
  const links = LINKS.parse(await ipJson(["-details", "address", "show"]));
  return links.flatMap(({ ifname, mtu, linkinfo, addr_info }) =>
    addr_info.flatMap(({ local, prefixlen }) =>
      local === undefined || prefixlen === undefined ? [] : [{
        link: ifname,
        address: local,
        length: prefixlen,
        mtu,
        ...(linkinfo?.info_kind === undefined ? {} : { kind: linkinfo.info_kind }),
      }]
    )
  );
}

export async function readRoutes(): Promise<Route[]> {
  const routes = ROUTES.parse(await ipJson(["route", "show"]));
  return routes.map(({ dst, dev }) => ({
    prefix: dst === "default" || dst.includes("/") ? dst : `${dst}/32`,
    link: dev ?? "no link",
  }));
}

async function ipJson(args: readonly string[]): Promise<unknown> {
  const output = await answer(() => outputOf("ip", ["-json", ...args]));
  return "value" in output ? JSON.parse(output.value || "[]") : [];
}
