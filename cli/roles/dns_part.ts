/**
 * The name server of this host's agent: follows the store's names, listens on contivh0's addresses and nowhere else, so that only this host
 * and its containers can ask.
 * @module
 */
import { NameServer } from "../../api/dns/name_server.ts";
import { Forwarder, type Resolver } from "../../drivers/dns/forwarder.ts";
import { resolverFile } from "../../drivers/dns/resolver_file.ts";
import type { Log } from "../../mod/agent/log.ts";
import {
  portOfPrivateAddress,
  type PrivateSubnet,
  privateSubnet,
} from "../../mod/agent/private_subnet.ts";
import { type HostInterface, isLocalAsker } from "../../mod/dns/local_asker.ts";
import { NameIndex } from "../../mod/dns/name_index.ts";
import type { MasterConfig } from "../../mod/model/records.ts";
import { GATEWAY_DNS_PORT } from "../../mod/pipeline/dns_access.ts";
import { MASTER_CONFIG } from "../../mod/state/keys.ts";
import { read, type Snapshot } from "../../mod/state/snapshot.ts";
import { delay } from "./delay.ts";
import { NameListeners } from "./name_listeners.ts";
import type { Services } from "./services.ts";
import type { State } from "./state_part.ts";

const DNS_PORT = 53;
const RESOLVER_FILE = "/etc/resolv.conf";
/** Milliseconds between looks whether contivh0 has its addresses, and the listeners theirs. */
const LOOK_AGAIN_MS = 2_000;
const INTERFACES_MS = 1_000;

export interface NamesSettings {
  readonly host: string;
  /** Empty: those of /etc/resolv.conf. */
  readonly resolvers: readonly Resolver[];
}

/** Serves until `services` close. */
export function startNames(
  settings: NamesSettings,
  state: Pick<State, "cache">,
  services: Services,
  log: Log,
): NameServer {
  const stop = new AbortController();
  const { cache } = state;
  const index = new NameIndex(settings.host);
  index.update(cache.snapshot());
  cache.subscribe(({ snapshot, keys }) => index.update(snapshot, keys), stop.signal);
  const subnet = () => subnetOf(cache.snapshot());
  const interfaces = recentInterfaces();
  const server = new NameServer({
    index,
    mayAsk: (address) => {
      const own = subnet();
      const subnets = own ? [own.prefix, own.prefix6] : [];
      return isLocalAsker(address, interfaces(), subnets);
    },
    asker: (address) => {
      const own = subnet();
      const port = own && portOfPrivateAddress(own, address);
      return port === undefined ? undefined : index.byPort(port);
    },
    upstream: forwarder(settings.resolvers, subnet),
    log,
  });
  const listeners = new NameListeners({
    server,
    addresses: () => addressesOf(subnet()),
    ports: [DNS_PORT, GATEWAY_DNS_PORT],
    log,
  });
  const listening = listen(listeners, stop.signal);
  services.add("name server", async () => {
    stop.abort(new DOMException("The name server stops", "AbortError"));
    await listening;
  });
  return server;
}

/** The host's interfaces, looked up at most once a second. */
function recentInterfaces(): () => readonly HostInterface[] {
  let looked = -Infinity;
  let found: readonly HostInterface[] = [];
  return () => {
    if (performance.now() - looked < INTERFACES_MS) return found;
    looked = performance.now();
    found = Deno.networkInterfaces();
    return found;
  };
}

function forwarder(
  resolvers: readonly Resolver[],
  subnet: () => PrivateSubnet | undefined,
): Forwarder {
  const own = () => new Set(addressesOf(subnet()));
  const fromFile = resolverFile(RESOLVER_FILE, own, () => performance.now());
  return new Forwarder({
    resolvers: () => resolvers.length > 0 ? resolvers : fromFile(),
    id: () => crypto.getRandomValues(new Uint16Array(1))[0] ?? 0,
  });
}

/** Until the signal aborts: contivh0's addresses come later than this process, and may change. */
async function listen(listeners: NameListeners, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await listeners.look();
    await delay(LOOK_AGAIN_MS, signal);
  }
  await listeners.close();
}

function subnetOf(snapshot: Snapshot): PrivateSubnet | undefined {
  const config = read<MasterConfig>(snapshot, MASTER_CONFIG);
  return config?.["fwd-mode"] === "bridge"
    ? undefined
    : privateSubnet(config?.["pvt-subnet"] ?? "");
}

function addressesOf(subnet: PrivateSubnet | undefined): string[] {
  return subnet ? [subnet.address, subnet.address6] : [];
}
