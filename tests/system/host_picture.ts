/**
 * What a host that this process runs in has of Contiv's: ports, links and flows, as the host's own tools tell.
 * @module
 */

export interface HostPicture {
  /** Endpoints' ports of contiv0. */
  readonly ports: readonly string[];
  /** Endpoints' links, both ends that are in the host's namespace. */
  readonly links: readonly string[];
  readonly flows: readonly string[];
}

const decoder = new TextDecoder();

export function look(): HostPicture {
  const isEndpoint = (name: string) => /^v?vport\d+$/.test(name);
  return {
    ports: lines(must("ovs-vsctl", "list-ports", "contiv0")).filter(isEndpoint),
    links: lines(must("ip", "-oneline", "link"))
      .map((line) => line.split(": ")[1]?.split("@")[0] ?? "").filter(isEndpoint).sort(),
    flows: lines(must("ovs-ofctl", "--no-stats", "dump-flows", "contiv0")).sort(),
  };
}

/** Runs a program to its end; throws with what it said when it fails. Returns its output. */
export function must(program: string, ...args: string[]): string {
  const { success, stdout, stderr } = new Deno.Command(program, { args }).outputSync();
  if (!success) throw new Error(`${program} ${args.join(" ")}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

/** Whether there is a network namespace of that name. */
export function exists(namespace: string): boolean {
  return lines(must("ip", "netns", "list")).some((line) => line.split(" ")[0] === namespace);
}

/** One echo request from a network namespace; whether it was answered within a second. */
export async function reaches(namespace: string, address: string): Promise<boolean> {
  const args = ["netns", "exec", namespace, "ping", "-c", "1", "-W", "1", address];
  return (await new Deno.Command("ip", { args }).output()).success;
}

function lines(text: string): string[] {
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}
