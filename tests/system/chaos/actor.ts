/**
 * One of those who use Contiv at the same time: does random operations on objects that only it touches, and remembers what was
 * acknowledged. What a broken connection leaves open stays open until the next answer.
 * @module
 */
import type { EndpointState } from "../../../mod/model/records.ts";
import type { Host } from "../../lab/host.ts";
import type { Calls, Reply } from "./calls.ts";

/** What the last acknowledgement said of an endpoint. */
export type Known =
  | { readonly state: "absent" | "open" }
  /** `record`: what the agent said that it made; Docker's driver says less. */
  | { readonly state: "present"; readonly record: EndpointState | undefined };

export interface Surroundings {
  readonly host: Host;
  readonly calls: Calls;
  /** 0 ≤ x < 1, seeded. */
  readonly random: () => number;
  /** Counts operations by name and status. */
  readonly count: (operation: string, status: number) => void;
}

/** A network that is always there; Docker knows it as DOCKER_NETWORK. */
export const BASE_NETWORK = "base";
export const DOCKER_NETWORK = "d0cd0cd0c";
/** Namespaces, and containers, of each. */
const EACH = 4;

export class Actor {
  /** The namespaces that it attaches; they have to be there. */
  readonly namespaces: readonly string[];
  readonly #containers: readonly string[];
  readonly #known = new Map<string, Known>();

  constructor(private readonly number: number, private readonly around: Surroundings) {
    const names = (prefix: string) =>
      Array.from({ length: EACH }, (_, i) => `${prefix}${number}${i}`);
    this.namespaces = names("ns");
    this.#containers = names("container");
    for (const name of [...this.namespaces, ...this.#containers]) {
      this.#known.set(name, { state: "absent" });
    }
  }

  /** What it knows of its endpoints by name. */
  get known(): ReadonlyMap<string, Known> {
    return this.#known;
  }

  async act(): Promise<void> {
    const dice = this.around.random();
    if (dice < 0.45) await this.#namespace(this.#pick(this.namespaces));
    else if (dice < 0.7) await this.#container(this.#pick(this.#containers));
    else if (dice < 0.94) await this.#object();
    else await this.#sabotage();
  }

  /** Takes all of its endpoints away. */
  async leave(): Promise<void> {
    const { calls } = this.around;
    for (const name of this.namespaces) {
      this.#removed(name, "detach", await calls.detach(name));
    }
    for (const EndpointID of this.#containers) {
      const ids = { NetworkID: DOCKER_NETWORK, EndpointID };
      const reply = await calls.driver("NetworkDriver.DeleteEndpoint", ids);
      this.#removed(EndpointID, "DeleteEndpoint", reply);
    }
  }

  async #namespace(name: string): Promise<void> {
    const { calls, random } = this.around;
    if (this.#known.get(name)?.state !== "absent" && random() < 0.8) {
      return this.#removed(name, "detach", await calls.detach(name));
    }
    const network = random() < 0.6 ? BASE_NETWORK : this.#someNetwork();
    const reply = await calls.attach({ netns: name, network });
    this.#made(name, "attach", reply, (text) => JSON.parse(text).endpoint);
  }

  async #container(name: string): Promise<void> {
    const { calls } = this.around;
    const ids = { NetworkID: DOCKER_NETWORK, EndpointID: name };
    if (this.#known.get(name)?.state !== "absent") {
      const reply = await calls.driver("NetworkDriver.DeleteEndpoint", ids);
      return this.#removed(name, "DeleteEndpoint", reply);
    }
    const reply = await calls.driver("NetworkDriver.CreateEndpoint", { ...ids, Interface: {} });
    this.#made(name, "CreateEndpoint", reply, () => undefined);
  }

  /** Networks, groups and tenants: made, and deleted when nothing uses them. */
  async #object(): Promise<void> {
    const { calls, count, random } = this.around;
    const kind = this.#pick(["networks", "networks", "endpointGroups", "tenants"] as const);
    const which = Math.floor(random() * 2);
    const name = `${kind}${this.number}${which}`;
    const path = kind === "tenants" ? `tenants/${name}` : `${kind}/default:${name}`;
    if (random() < 0.45) return count(`delete ${kind}`, (await calls.remove(path)).status);
    const subnet = `10.${100 + this.number}.${which}`;
    const bodies = {
      networks: {
        tenantName: "default",
        networkName: name,
        encap: "vxlan",
        subnet: `${subnet}.0/24`,
        gateway: `${subnet}.254`,
      },
      endpointGroups: {
        tenantName: "default",
        groupName: name,
        networkName: random() < 0.5 ? BASE_NETWORK : this.#someNetwork(),
      },
      tenants: { tenantName: name },
    };
    count(`create ${kind}`, (await calls.put(path, bodies[kind])).status);
  }

  /** Somebody deletes a port or link by hand. */
  async #sabotage(): Promise<void> {
    const { host, count, random } = this.around;
    const numbers = [...this.#known.values()].flatMap((known) =>
      known.state === "present" && known.record ? [known.record.portNumber] : []
    );
    if (numbers.length === 0) return;
    const link = `vvport${this.#pick(numbers)}`;
    if (random() < 0.5) {
      const { code } = await host.exec(["ovs-vsctl", "--no-wait", "del-port", "contiv0", link]);
      count("delete port by hand", code);
    } else {
      const { code } = await host.exec(["ip", "link", "delete", link]);
      count("delete link by hand", code);
    }
  }

  #made(
    name: string,
    operation: string,
    { status, text }: Reply,
    recordOf: (text: string) => EndpointState | undefined,
  ): void {
    this.around.count(operation, status);
    if (status === 200) this.#known.set(name, { state: "present", record: recordOf(text) });
    else if (status < 400 || status >= 500) this.#known.set(name, { state: "open" });
  }

  #removed(name: string, operation: string, { status }: Reply): void {
    this.around.count(operation, status);
    const gone = status === 200 || status === 404;
    this.#known.set(name, { state: gone ? "absent" : "open" });
  }

  #someNetwork(): string {
    return `networks${this.number}${Math.floor(this.around.random() * 2)}`;
  }

  #pick<T>(from: readonly T[]): T {
    const picked = from[Math.floor(this.around.random() * from.length)];
    if (picked === undefined) throw new Error("nothing to pick from");
    return picked;
  }
}
