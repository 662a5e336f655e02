/**
 * The options that users and our own network controller give Docker: `-o`, `--ipam-opt`, labels of an endpoint.
 * @module
 */
import { IntentError } from "../intent/error.ts";
import { parseMac } from "../net/mac.ts";
import { DEFAULT_TENANT } from "./names.ts";

/** Which Contiv object a Docker network stands for. Empty fields were not given. */
export interface Selection {
  readonly tenant: string;
  readonly network: string;
  readonly group: string;
  /** A network's or group's configured tag (`contiv-tag`), instead of names. */
  readonly tag: string;
}

/** How a network that Docker makes is encapsulated. */
export interface Encapsulation {
  readonly encap: "vlan" | "vxlan";
  /** VLAN or VXLAN network identifier; 0: allocate. */
  readonly pktTag: number;
}

type Options = Readonly<Record<string, unknown>>;

/** `option` as text, empty when absent. */
function text(options: Options, option: string): string {
  const value = options[option];
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  throw new IntentError("invalid", `option ${option} must be a text`);
}

export function parseSelection(options: Options): Selection {
  const selection = {
    tenant: text(options, "tenant") || DEFAULT_TENANT,
    network: text(options, "network"),
    group: text(options, "group"),
    tag: text(options, "contiv-tag"),
  };
  if (selection.group !== "" && selection.network === "") {
    throw new IntentError(
      "invalid",
      `option group=${selection.group} needs the option network`,
      "give network=<name> too",
    );
  }
  return selection;
}

export function parseEncapsulation(options: Options): Encapsulation {
  const encap = text(options, "encap") || "vxlan";
  if (encap !== "vlan" && encap !== "vxlan") {
    throw new IntentError("invalid", `option encap=${encap} is not known`, "use vlan or vxlan");
  }
  const tag = text(options, "pkt-tag") || "0";
  if (!/^\d{1,8}$/.test(tag)) {
    throw new IntentError("invalid", `option pkt-tag=${tag} is not a number`);
  }
  return { encap, pktTag: Number(tag) };
}

const MAC_OPTION = "com.docker.network.endpoint.macaddress";

/** The MAC that the user asked for: in the interface, or base64 of its six bytes among the options; undefined when none. */
export function requestedMac(interfaceMac: string, options: Options): string | undefined {
  const encoded = options[MAC_OPTION];
  const given = interfaceMac ||
    (typeof encoded === "string" && encoded !== "" ? macOfBase64(encoded) : "");
  if (given === "") return undefined;
  const mac = parseMac(given);
  if (mac === undefined) {
    throw new IntentError(
      "invalid",
      `MAC address ${given} cannot be used by an endpoint`,
      "give a unicast address such as 02:00:00:00:00:01",
    );
  }
  return mac;
}

function macOfBase64(encoded: string): string {
  let bytes: string;
  try {
    bytes = atob(encoded);
  } catch (cause) {
    throw new IntentError("invalid", `option ${MAC_OPTION} is not base64`, undefined, { cause });
  }
  return Array.from(bytes, (byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join(":");
}
