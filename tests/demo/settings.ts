/**
 * Every name, address and flag that the demo uses, in one place.
 * @module
 */
import { join } from "node:path";
import { ROOT } from "../run/files.ts";

export const MAIN = join(ROOT, "main.ts");

export const NETWORK = "contiv-demo";
/** The driver's name in Docker while the demo runs. */
export const DRIVER = "contivdemo";
export const SUBNET = "10.123.0.0/24";
export const GATEWAY = "10.123.0.254";
export const SUBNET6 = "fd00:10:123::/64";
export const GATEWAY6 = "fd00:10:123::fffe";
export const ENDPOINTS = ["contiv-demo-a", "contiv-demo-b"] as const;

export const BRIDGE = "contiv0";
export const HOST_LINK = "contivh0";

/** A namespace that plays the internet: TEST-NET-2 (RFC 5737) and the documentation prefix (RFC 3849); it has no route back. */
export const OUTSIDE = {
  namespace: "contiv-demo-out",
  hostLink: "contivdemo0",
  hostAddress: "198.51.100.1/24",
  hostAddress6: "2001:db8:51::1/64",
  address: "198.51.100.2",
  address6: "2001:db8:51::2",
} as const;

/** Where one run of the demo keeps its things. */
export interface Place {
  /** Private, temporary. */
  readonly directory: string;
  readonly port: number;
  readonly docker: boolean;
}

/** `contiv up`, apart from a real installation in everything but the bridge. */
export function upArguments({ directory, port, docker }: Place): string[] {
  return [
    "up",
    "--store",
    `embedded://${directory}/state.db`,
    "--listen-url",
    `127.0.0.1:${port}`,
    "--run-directory",
    directory,
    "--plugin-socket",
    docker ? `/run/docker/plugins/${DRIVER}.sock` : "none",
    ...(docker ? ["--name", DRIVER] : ["--docker-socket", "none"]),
  ];
}

/** What tells `ctl` which Contiv it is about. */
export function ctlEnvironment(
  { directory, port }: Place,
): { NETMASTER: string; CONTIV_AGENT: string; NO_COLOR: string } {
  return {
    NETMASTER: `http://127.0.0.1:${port}`,
    CONTIV_AGENT: join(directory, "agent.sock"),
    NO_COLOR: "1",
  };
}

export function ctlArguments(...words: string[]): string[] {
  return [Deno.execPath(), "run", "--allow-all", "--quiet", MAIN, "ctl", ...words];
}
