/**
 * The calls of Docker's engine to its network and IPAM driver for one container that joins and leaves a network, on the plugin's socket
 * and in the engine's order.
 * @module
 */
import { randomBytes } from "node:crypto";
import { must } from "./http_request.ts";
import type { Samples } from "./samples.ts";

export interface DriverEndpoint {
  readonly id: string;
  /** With prefix length. */
  readonly address: string;
  /** The link that the engine would move into the container. */
  readonly link: string;
}

/** Where each call's time is noted. */
export interface CallTimes {
  readonly requestAddress?: Samples;
  readonly createEndpoint?: Samples;
  readonly join?: Samples;
}

export class DockerCalls {
  constructor(
    readonly socket: string,
    readonly networkId: string,
    readonly poolId: string,
  ) {}

  /** Makes Contiv's network known to the plugin under an id of ours, as an engine does that was told to create it. */
  static async onNetwork(socket: string, network: string, subnet: string): Promise<DockerCalls> {
    const id = randomBytes(32).toString("hex");
    const selection = { tenant: "default", network };
    const pool = await must(socket, "POST", "/IpamDriver.RequestPool", {
      AddressSpace: "LocalDefault",
      Pool: subnet,
      SubPool: "",
      Options: selection,
      V6: false,
    }) as { PoolID: string };
    await must(socket, "POST", "/NetworkDriver.CreateNetwork", {
      NetworkID: id,
      Options: { "com.docker.network.generic": selection },
      IPv4Data: [{ AddressSpace: "LocalDefault", Pool: subnet, Gateway: "" }],
      IPv6Data: [],
    });
    return new DockerCalls(socket, id, pool.PoolID);
  }

  /** RequestAddress, CreateEndpoint, Join. */
  async connect(times: CallTimes = {}): Promise<DriverEndpoint> {
    const id = randomBytes(32).toString("hex");
    const { Address: address } = await timed(times.requestAddress, () => this.#requestAddress());
    const ids = { NetworkID: this.networkId, EndpointID: id };
    await timed(times.createEndpoint, () =>
      this.#call("NetworkDriver.CreateEndpoint", {
        ...ids,
        Interface: { Address: address, AddressIPv6: "", MacAddress: "" },
        Options: {
          "com.docker.network.endpoint.exposedports": [],
          "com.docker.network.portmap": [],
        },
      }));
    const joined = await timed(times.join, () =>
      this.#call("NetworkDriver.Join", {
        ...ids,
        SandboxKey: `/var/run/docker/netns/${id.slice(0, 12)}`,
        Options: {},
      })) as { InterfaceName: { SrcName: string } };
    return { id, address, link: joined.InterfaceName.SrcName };
  }

  /** Leave, DeleteEndpoint, ReleaseAddress. */
  async disconnect({ id, address }: DriverEndpoint): Promise<void> {
    const ids = { NetworkID: this.networkId, EndpointID: id };
    await this.#call("NetworkDriver.Leave", ids);
    await this.#call("NetworkDriver.DeleteEndpoint", ids);
    await this.#call("IpamDriver.ReleaseAddress", {
      PoolID: this.poolId,
      Address: address.split("/")[0],
    });
  }

  #requestAddress(): Promise<{ Address: string }> {
    const body = { PoolID: this.poolId, Address: "", Options: null };
    return this.#call("IpamDriver.RequestAddress", body) as Promise<{ Address: string }>;
  }

  #call(name: string, body: unknown): Promise<unknown> {
    return must(this.socket, "POST", `/${name}`, body);
  }
}

function timed<T>(samples: Samples | undefined, work: () => Promise<T>): Promise<T> {
  return samples ? samples.measure(work) : work();
}
