/**
 * Several "hosts" on one machine, each with its own network, files, processes, Open vSwitch and Docker engine, and an outside that they
 * route to. The machine's own Docker, Open vSwitch, links and files are never touched; nothing outlives the program that made the lab.
 *
 *     await using lab = await Lab.create();
 *     const a = await lab.host("a");
 *     await a.startOvs();
 *     await a.must(["ping", "-c1", lab.outside().address]);
 * @module
 */
import type { CommandOptions, CommandOutput } from "./command.ts";
import { must } from "./command.ts";
import { Host } from "./host.ts";
import { LabNode, type NodeProcess, type SpawnOptions } from "./node.ts";
import { ROUTER, ROUTER6, WIRE } from "./wire.ts";
import { type LabRecord, registerLab, removeLab, sweepLabs } from "./registry.ts";

/** An address beyond the hosts' default gateway: RFC 5737's TEST-NET-2. */
const INTERNET = "198.51.100.1";
const INTERNET6 = "2001:db8:51::1";

export interface LabOptions {
  /** Lower-case; shown by `lab ls`. */
  readonly name?: string;
}

export interface HostOptions {
  /** An address of 198.18.0.0/24; the next free one unless told. */
  readonly address?: string;
}

/** The internet of the lab: a namespace with a server's addresses, which is also the wire between the hosts and their default gateway. */
export interface Outside {
  readonly address: string;
  readonly address6: string;
  /** The hosts' gateway. */
  readonly router: string;
  readonly router6: string;
  readonly pid: number;
  exec(argv: readonly string[], options?: CommandOptions): Promise<CommandOutput>;
  must(argv: readonly string[], options?: CommandOptions): Promise<string>;
  spawn(argv: readonly string[], options?: SpawnOptions): NodeProcess;
}

export class Lab {
  private readonly nodes: LabNode[] = [];
  private next = 1;

  private constructor(private readonly record: LabRecord, private readonly wire: LabNode) {
    this.nodes.push(wire);
  }

  /** Makes a lab without hosts; sweeps what killed runs left. Throws unless root. */
  static async create(options: LabOptions = {}): Promise<Lab> {
    if (Deno.uid() !== 0) throw new Error("the lab needs root: run it with sudo");
    const name = options.name ?? "lab";
    if (!/^[a-z][a-z0-9-]{0,31}$/.test(name)) throw new Error(`"${name}" is no name for a lab`);
    await sweepLabs();
    const record = registerLab(name);
    try {
      const wire = await LabNode.start(record, "outside");
      await setUpWire(wire);
      return new Lab(record, wire);
    } catch (error) {
      await removeLab(record);
      throw error;
    }
  }

  /** Unique among all labs of the machine. */
  get id(): string {
    return this.record.id;
  }
  /** The lab's files on the machine; gone after close. */
  get directory(): string {
    return this.record.directory;
  }

  /** Adds a host on the wire, with a default route to the outside in both families. */
  async host(name: string, options: HostOptions = {}): Promise<Host> {
    if (!/^[a-z][a-z0-9]{0,11}$/.test(name) || this.nodes.some((node) => node.name === name)) {
      throw new Error(
        `"${name}" is no name for a host: a letter, letters and digits, 12 at most, once`,
      );
    }
    const number = this.next++;
    const address = options.address ?? `${WIRE.prefix}${number}`;
    const address6 = `${WIRE.prefix6}${address.split(".").at(-1)}`;
    const node = await LabNode.start(this.record, name);
    this.nodes.push(node);
    await this.connect(node, address, address6);
    return new Host(node, this.id, address, address6);
  }

  outside(): Outside {
    const wire = this.wire;
    return {
      address: INTERNET,
      address6: INTERNET6,
      router: ROUTER,
      router6: ROUTER6,
      pid: wire.pid,
      exec: (argv, options) => wire.exec(argv, options),
      must: (argv, options) => wire.must(argv, options),
      spawn: (argv, options) => wire.spawn(argv, options),
    };
  }

  /** Ends everything. Safe to call again. */
  async close(): Promise<void> {
    const nodes = this.nodes.splice(0);
    await Promise.all(nodes.map((node) => node.close()));
    await removeLab(this.record);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async connect(node: LabNode, address: string, address6: string): Promise<void> {
    const hostEnd = ["name", "eth0", "netns", String(node.pid)];
    const wireEnd = ["name", `to-${node.name}`, "netns", String(this.wire.pid)];
    await must(["ip", "link", "add", ...hostEnd, "type", "veth", "peer", ...wireEnd]);
    await this.wire.ip([`link set to-${node.name} master wire up`]);
    await node.ip([
      `address add ${address}/${WIRE.length} dev eth0`,
      `address add ${address6}/${WIRE.length6} dev eth0 nodad`,
      "link set eth0 up",
      `route add default via ${ROUTER}`,
      `route add default via ${ROUTER6} dev eth0`,
    ]);
  }
}

async function setUpWire(node: LabNode): Promise<void> {
  await node.must([
    "busybox",
    "sysctl",
    "-q",
    "-w",
    "net.ipv4.ip_forward=1",
    "net.ipv6.conf.all.forwarding=1",
  ]);
  await node.ip([
    "link add wire type bridge",
    `address add ${ROUTER}/${WIRE.length} dev wire`,
    `address add ${ROUTER6}/${WIRE.length6} dev wire nodad`,
    `address add ${INTERNET}/32 dev lo`,
    `address add ${INTERNET6}/128 dev lo nodad`,
    "link set wire up",
  ]);
}
