/**
 * A network namespace of a lab host, with a name as `ip netns` gives it, that stands for a container.
 * @module
 */
import type { CommandOutput } from "../lab/command.ts";
import type { Host } from "../lab/host.ts";
import { waitFor } from "../lab/wait.ts";

export class Namespace {
  private constructor(readonly host: Host, readonly name: string) {}

  static async create(host: Host, name: string): Promise<Namespace> {
    await host.must(["ip", "netns", "add", name]);
    return new Namespace(host, name);
  }

  exec(argv: readonly string[]): Promise<CommandOutput> {
    return this.host.exec(this.#inside(argv));
  }
  must(argv: readonly string[]): Promise<string> {
    return this.host.must(this.#inside(argv));
  }

  /** One echo request; whether it was answered within a second. */
  async reaches(address: string): Promise<boolean> {
    return (await this.exec(["ping", "-c", "1", "-W", "1", address])).code === 0;
  }

  /** Fails unless `address` answers soon. */
  async mustReach(address: string): Promise<void> {
    await waitFor(`${this.name} to reach ${address}`, () => this.reaches(address), 5_000);
  }

  async delete(): Promise<void> {
    await this.host.must(["ip", "netns", "delete", this.name]);
  }

  #inside(argv: readonly string[]): string[] {
    return ["nsenter", `--net=/run/netns/${this.name}`, "--", ...argv];
  }
}
