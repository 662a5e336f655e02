/**
 * The floor under an attachment: a veth pair in place and a port of the bridge, waited for. No store, flow or policy of Contiv's.
 * @module
 */
import type { EndpointLinkSpec, Kernel } from "../../mod/agent/kernel.ts";
import { openKernel } from "../../drivers/linux/kernel.ts";
import { OvsdbSession } from "../../drivers/ovs/ovsdb.ts";

const never = new AbortController().signal;

export class Floor implements AsyncDisposable {
  readonly #ports = new Map<string, string>();
  readonly #numbers = new Map<string, number>();
  #changed = Promise.withResolvers<void>();

  private constructor(
    private readonly kernel: Kernel,
    private readonly session: OvsdbSession,
  ) {}

  static async open(): Promise<Floor> {
    const { promise: opened, resolve } = Promise.withResolvers<Floor>();
    const session = await OvsdbSession.open(
      "/run/openvswitch/db.sock",
      (updates) => void opened.then((floor) => floor.#take(updates)),
      never,
    );
    const floor = new Floor(await openKernel(), session);
    resolve(floor);
    return floor;
  }

  async attach(at: number, namespace: string): Promise<void> {
    const name = `floor${at}`;
    const spec: EndpointLinkSpec = {
      hostLink: name,
      alias: `contiv:${name}`,
      mtu: 1450,
      checksumOffload: false,
      peer: {
        name: "eth0",
        mac: "02:02:0a:01:ff:03",
        namespace,
        addresses: ["10.9.0.3/16"],
        gateways: ["10.9.255.254"],
      },
    };
    await this.kernel.createEndpointLink(spec);
    const results = await this.session.transact([
      { op: "insert", table: "Interface", "uuid-name": "i", row: { name } },
      {
        op: "insert",
        table: "Port",
        "uuid-name": "p",
        row: { name, interfaces: ["named-uuid", "i"] },
      },
      {
        op: "mutate",
        table: "Bridge",
        where: [["name", "==", "contiv0"]],
        mutations: [["ports", "insert", ["named-uuid", "p"]]],
      },
    ], never);
    this.#ports.set(name, uuidOf(results[1]));
    while (!((this.#numbers.get(name) ?? 0) > 0)) await this.#changed.promise;
  }

  async detach(at: number): Promise<void> {
    const uuid = this.#ports.get(`floor${at}`) ?? "";
    await this.session.transact([{
      op: "mutate",
      table: "Bridge",
      where: [["name", "==", "contiv0"]],
      mutations: [["ports", "delete", ["uuid", uuid]]],
    }], never);
    await this.kernel.deleteEndpointLink(`floor${at}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.session.close();
    await this.kernel.close();
  }

  #take(updates: unknown): void {
    const { Interface = {} } = updates as { Interface?: Record<string, { new?: InterfaceRow }> };
    for (const { new: row } of Object.values(Interface)) {
      if (typeof row?.ofport === "number") this.#numbers.set(row.name, row.ofport);
    }
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

interface InterfaceRow {
  readonly name: string;
  readonly ofport?: unknown;
}

function uuidOf(result: unknown): string {
  const [, uuid = ""] = (result as { uuid?: readonly string[] }).uuid ?? [];
  return uuid;
}
