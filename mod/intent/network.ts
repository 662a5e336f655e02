/**
 * Networks: a subnet that no other network of the tenant overlaps, and tags of their own.
 * @module
 */
import type { ModelObject } from "../model/object.ts";
import { network } from "../model/network.ts";
import type { NetworkState, Owner } from "../model/records.ts";
import { tenant } from "../model/tenant.ts";
import { linkSet, numberOf, textOf, wireObject } from "../model/wire.ts";
import { formatAddress, parseAddress } from "../net/address.ts";
import { type Prefix, prefixRange, rangesOverlap } from "../net/prefix.ts";
import { groupKey, networkId, networkKey, objectKey } from "../state/keys.ts";
import { read } from "../state/snapshot.ts";
import type { Draft } from "./draft.ts";
import { IntentError } from "./error.ts";
import { readyGlobal } from "./global.ts";
import { refuseHostsWithin } from "./host_within.ts";
import { checkInterfaceName } from "./infra_network.ts";
import { addLink, referenceTo } from "./links.ts";
import { removeNetwork } from "./network_removal.ts";
import type { ObjectIntent } from "./object_intent.ts";
import { networkOper } from "./oper.ts";
import { checkSubnet, checkWithin, parseSubnet, parseSubnet6, type Subnet } from "./subnet.ts";
import { parseTagRange } from "./tag_range.ts";
import { takeLocalVlan, takeVlan, takeVxlan } from "./tags.ts";
import { requireTenant } from "./tenant.ts";

const ownerOf = (id: string): Owner => ({ kind: "network", id });

export const networkIntent: ObjectIntent = {
  object: network,
  create(draft, key, requested, { now }) {
    const fields = { nwType: "data", ...requested };
    const global = readyGlobal(draft);
    const tenantName = textOf(fields, "tenantName"), name = textOf(fields, "networkName");
    const tenantObject = requireTenant(draft, tenantName);
    const subnet = parseSubnet(textOf(fields, "subnet"));
    if (!subnet) throw new IntentError("invalid", "Network subnet format not valid");
    const ipv6 = parseSubnet6(textOf(fields, "ipv6Subnet"), textOf(fields, "ipv6Gateway"));
    checkOverlap(draft, tenantObject, fields, subnet, ipv6);
    checkNames(draft, tenantName, name);
    if (textOf(fields, "nwType") === "infra") {
      checkInterfaceName(draft, tenantName, name);
      refuseHostsWithin(draft, name, textOf(fields, "subnet"), subnet.prefix);
    }
    checkSubnet(subnet);
    checkWithin(subnet.prefix, textOf(fields, "gateway"));
    const tags = takeTags(draft, global, fields, ownerOf(networkId(tenantName, name)), now);
    draft.put(networkKey(tenantName, name), stateOf(fields, subnet, ipv6, tags));
    const owner = referenceTo(tenant.type, tenantName);
    const object = wireObject(network, key, fields, {}, { Tenant: owner });
    draft.put(objectKey(network.type, key), object);
    addLink(draft, owner, "Networks", referenceTo(network.type, key));
    return object;
  },
  update() {
    throw new IntentError(
      "conflict",
      "Cant change network parameters after its created",
      "delete the network and create it again",
    );
  },
  remove: removeNetwork,
  oper(snapshot, object) {
    const key = networkKey(textOf(object, "tenantName"), textOf(object, "networkName"));
    const state = read<NetworkState>(snapshot, key);
    return state ? networkOper(snapshot, state) : {};
  },
};

function checkOverlap(
  draft: Draft,
  tenantObject: ModelObject,
  fields: ModelObject,
  { range }: Subnet,
  ipv6: Prefix | undefined,
): void {
  for (const { key } of linkSet(tenantObject, "Networks")) {
    const other = draft.read<ModelObject>(objectKey(network.type, key));
    if (!other) continue;
    const conflict = (what: string) =>
      new IntentError(
        "conflict",
        `network ${textOf(other, "networkName")} conflicts with ${what}`,
        "networks of one tenant may not overlap; choose another subnet or another tenant",
      );
    const other6 = parseSubnet6(textOf(other, "ipv6Subnet"), "");
    if (ipv6 && other6 && rangesOverlap(prefixRange(ipv6), prefixRange(other6))) {
      throw conflict(`subnetv6  ${textOf(fields, "ipv6Subnet")}`);
    }
    const otherRange = parseSubnet(textOf(other, "subnet"))?.range;
    if (otherRange && rangesOverlap(range, otherRange)) {
      throw conflict(`subnet ${textOf(fields, "subnet")}`);
    }
  }
}

function checkNames(draft: Draft, tenantName: string, name: string): void {
  if (draft.read(groupKey(tenantName, name))) {
    throw new IntentError("conflict", `EndpointGroup ${name} conflicts with the network name`);
  }
  // Names may contain dots, so two tenants' networks can come to the same id.
  const other = draft.read<NetworkState>(networkKey(tenantName, name));
  if (other) {
    throw new IntentError(
      "conflict",
      `network ${name} of tenant ${tenantName} has the same id, ${other.id}, as network ${other.networkName} of tenant ${other.tenant}`,
      "choose another name",
    );
  }
}

interface Tags {
  readonly pktTag: number;
  readonly extPktTag: number;
}

function takeTags(
  draft: Draft,
  global: ModelObject,
  fields: ModelObject,
  owner: Owner,
  now: number,
): Tags {
  const requested = numberOf(fields, "pktTag");
  if (textOf(fields, "encap") === "vlan") {
    const range = parseTagRange("vlan", textOf(global, "vlans"));
    return { pktTag: takeVlan(draft, range, requested, owner, now), extPktTag: 0 };
  }
  const range = parseTagRange("vxlan", textOf(global, "vxlans"));
  const extPktTag = takeVxlan(draft, range, requested, owner, now);
  return { pktTag: takeLocalVlan(draft, owner, now), extPktTag };
}

function stateOf(
  fields: ModelObject,
  { prefix, range }: Subnet,
  ipv6: Prefix | undefined,
  tags: Tags,
): NetworkState {
  const tenantName = textOf(fields, "tenantName"), networkName = textOf(fields, "networkName");
  const id = networkId(tenantName, networkName);
  const gateway6 = parseAddress(textOf(fields, "ipv6Gateway"));
  return {
    id,
    tenant: tenantName,
    networkName,
    nwType: textOf(fields, "nwType") === "infra" ? "infra" : "data",
    pktTagType: textOf(fields, "encap") === "vlan" ? "vlan" : "vxlan",
    ...tags,
    subnetIP: formatAddress(prefix.address),
    subnetLen: prefix.length,
    gateway: textOf(fields, "gateway"),
    ipAddrRange: `${formatAddress(range.first)}-${formatAddress(range.last)}`,
    ...(ipv6 && { ipv6SubnetIP: formatAddress(ipv6.address), ipv6SubnetLen: ipv6.length }),
    ...(gateway6 && { ipv6Gateway: formatAddress(gateway6) }),
    networkTag: textOf(fields, "cfgdTag") || id,
    addressSpace: `${tenantName}:${networkName}`,
  };
}
