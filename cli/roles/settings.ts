/**
 * Option values into settings that can be used as they are: every value is checked here, at once, and what cannot be used is refused
 * by name. What was configured is what is used.
 * @module
 */
import type { Uplinks } from "../../mod/agent/uplinks.ts";
import { parseAddress } from "../../mod/net/address.ts";
import { parsePrefix } from "../../mod/net/prefix.ts";
import { OptionError, type OptionValues } from "./option.ts";
import { type StoreSettings, storeSettings } from "./store_settings.ts";
import { uplinkSettings } from "./uplink_settings.ts";

const DEFAULT_DRIVER = "netplugin";

export interface LogSettings {
  readonly level: "debug" | "info" | "warning" | "error";
  readonly json: boolean;
  readonly syslog?: { readonly hostname: string; readonly port: number };
}

export interface ListenAddress {
  readonly hostname: string;
  readonly port: number;
}

/** Docker's driver: Docker knows it by the name of its socket's file. */
export interface DriverSettings {
  readonly name: string;
  readonly socket: string;
  /** Whether engines have their networks one by one, or together through Docker's cluster store. */
  readonly scope: "local" | "global";
}

export interface CommonSettings {
  readonly mode: "docker";
  readonly netMode: "vxlan" | "vlan";
  readonly forwardMode: "routing" | "bridge";
  readonly store: StoreSettings;
  readonly log: LogSettings;
}

export interface MasterSettings extends CommonSettings {
  readonly infra: "default";
  readonly listen: ListenAddress;
  /** Absent: the host's first address and the listener's port. */
  readonly control?: ListenAddress;
  /** Milliseconds after its death that the leading master is replaced. */
  readonly leaderTtl: number;
  /** Milliseconds after which a host whose agent is gone is given up; Infinity: never. */
  readonly hostGrace: number;
}

export interface PluginSettings extends CommonSettings {
  /** Absent: the kernel's host name. */
  readonly host?: string;
  readonly vtepAddress?: string;
  readonly controlAddress?: string;
  readonly vxlanPort: number;
  /** Absent: none. */
  readonly uplinks?: Uplinks;
  /** Whom the name server asks; empty: those of /etc/resolv.conf. */
  readonly resolvers: readonly { readonly address: string; readonly port: number }[];
  readonly ovsRunDirectory: string;
  readonly datapath: "auto" | "system" | "netdev";
  readonly runDirectory: string;
  readonly driver?: DriverSettings;
  readonly dockerSocket?: string;
}

export function commonSettings(values: OptionValues): CommonSettings {
  return {
    mode: oneOf(values, "mode", ["docker"]),
    netMode: oneOf(values, "netmode", ["vxlan", "vlan"]),
    forwardMode: oneOf(values, "fwdmode", ["routing", "bridge"]),
    store: ownStoreSettings(values),
    log: logSettings(values),
  };
}

export function masterSettings(values: OptionValues): MasterSettings {
  const control = values.get("internal-address");
  return {
    ...commonSettings(values),
    infra: oneOf(values, "infra", ["default"]),
    listen: listenAddress("external-address", values.get("external-address") ?? ""),
    ...(control ? { control: listenAddress("internal-address", control) } : {}),
    leaderTtl: seconds("leader-ttl", values.get("leader-ttl") ?? "", 3, 60) * 1000,
    hostGrace: duration("host-grace", values.get("host-grace") ?? ""),
  };
}

export function pluginSettings(values: OptionValues): PluginSettings {
  const common = commonSettings(values);
  const uplinks = uplinkSettings(values, common);
  const host = values.get("host");
  const vtep = values.get("vtep-ip");
  const control = values.get("ctrl-ip");
  return {
    ...common,
    ...places(values),
    ...(uplinks ? { uplinks } : {}),
    ...(host ? { host: hostLabel(host) } : {}),
    ...(vtep ? { vtepAddress: address("vtep-ip", vtep) } : {}),
    ...(control ? { controlAddress: address("ctrl-ip", control) } : {}),
    resolvers: resolvers(values.get("dns-server") ?? ""),
    vxlanPort: port("vxlan-port", values.get("vxlan-port") ?? ""),
    datapath: oneOf(values, "datapath", ["auto", "system", "netdev"]),
  };
}

/** Where things are on this host: the part of the plugin's settings that the doctor looks at, too. */
export interface Places {
  readonly store: StoreSettings;
  readonly ovsRunDirectory: string;
  readonly runDirectory: string;
  readonly driver?: DriverSettings;
  readonly dockerSocket?: string;
}

export function places(values: OptionValues): Places {
  const driver = driverSettings(values);
  const dockerSocket = socketPath(values, "docker-socket");
  return {
    store: ownStoreSettings(values),
    ovsRunDirectory: absolutePath("ovs-run-directory", values.get("ovs-run-directory") ?? ""),
    runDirectory: absolutePath("run-directory", values.get("run-directory") ?? ""),
    ...(driver ? { driver } : {}),
    ...(dockerSocket ? { dockerSocket } : {}),
  };
}

/** Values that the original has and this does not have yet are refused like any other: nothing is silently something else. */
function oneOf<T extends string>(values: OptionValues, name: string, allowed: readonly T[]): T {
  const value = values.get(name) ?? "";
  const found = allowed.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  throw new OptionError(`--${name}="${value}" cannot be used: it must be ${alternatives(allowed)}`);
}

/** `a`, `a or b`, `a, b or c` */
function alternatives(words: readonly string[]): string {
  return words.join(", ").replace(/, ([^,]*)$/, " or $1");
}

/** Reads the environment for secrets only: everything else is in `values`. */
function ownStoreSettings(values: OptionValues): StoreSettings {
  return storeSettings(values, { environment: (name) => Deno.env.get(name) });
}

function logSettings(values: OptionValues): LogSettings {
  const levels = {
    DEBUG: "debug",
    INFO: "info",
    WARN: "warning",
    WARNING: "warning",
    ERROR: "error",
  } as const;
  const name = values.get("debug") === "true"
    ? "DEBUG"
    : (values.get("log-level") ?? "").toUpperCase();
  const level = Object.entries(levels).find(([key]) => key === name)?.[1];
  if (!level) {
    throw new OptionError(
      `--log-level="${
        values.get("log-level")
      }" cannot be used: it must be DEBUG, INFO, WARN or ERROR`,
    );
  }
  const json = values.get("use-json-log") === "true";
  if (values.get("use-syslog") !== "true") return { level, json };
  return { level, json, syslog: syslogServer(values.get("syslog-url") ?? "") };
}

function syslogServer(url: string): { hostname: string; port: number } {
  const match = /^udp:\/\/(\[[0-9a-fA-F:]+\]|[^:/[\]]+):(\d+)$/.exec(url);
  if (!match?.[1] || !match[2]) {
    throw new OptionError(`--syslog-url="${url}" cannot be used: it must be udp://HOST:PORT`);
  }
  return { hostname: match[1].replace(/^\[|\]$/g, ""), port: port("syslog-url", match[2]) };
}

/** `IP:PORT`, `[IPv6]:PORT`, or `:PORT` for all addresses, as the original took them. */
export function listenAddress(name: string, text: string): ListenAddress {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const hostname = match?.[1] ?? match?.[2] ?? "";
  if (!match?.[3] || (hostname !== "" && !parseAddress(hostname))) {
    throw new OptionError(
      `--${name}="${text}" cannot be used: it must be IP:PORT, such as 127.0.0.1:9999`,
    );
  }
  return { hostname: hostname || "0.0.0.0", port: port(name, match[3]) };
}

function port(name: string, text: string): number {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= 65535) return number;
  throw new OptionError(`--${name}="${text}" cannot be used: a port is a number from 1 to 65535`);
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3 };

/** Milliseconds of `90s`, `30m`, `24h`, `7d`; Infinity for `never`. */
function duration(name: string, text: string): number {
  if (text === "never") return Infinity;
  const [, number, unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const milliseconds = Number(number) * (UNIT_MS[unit] ?? NaN);
  if (milliseconds > 0) return milliseconds;
  throw new OptionError(
    `--${name}="${text}" cannot be used: it must be a time like 90s, 30m, 24h or 7d, or never`,
  );
}

function seconds(name: string, text: string, least: number, most: number): number {
  const number = /^\d{1,4}$/.test(text) ? Number(text) : NaN;
  if (number >= least && number <= most) return number;
  throw new OptionError(
    `--${name}="${text}" cannot be used: it must be a number of seconds from ${least} to ${most}`,
  );
}

/** Comma-separated `ADDRESS`, `IPv4:PORT` or `[IPv6]:PORT`; the port is 53 unless given. */
function resolvers(text: string): PluginSettings["resolvers"] {
  return text.split(",").filter((part) => part !== "").map((part) => {
    const match = /^\[([^\]]+)\]:(\d+)$/.exec(part) ?? /^([\d.]+):(\d+)$/.exec(part);
    const [, host = part, number = "53"] = match ?? [];
    if (!parseAddress(host)) {
      throw new OptionError(
        `--dns-server="${part}" cannot be used: it must be ADDRESS, IPv4:PORT or [IPv6]:PORT`,
      );
    }
    return { address: host, port: port("dns-server", number) };
  });
}

export function address(name: string, text: string): string {
  if (parseAddress(text)) return text;
  throw new OptionError(
    `--${name}="${text}" cannot be used: it must be an IP address of this host`,
  );
}

/** The host-private subnet, always a /16. */
export function privateSubnet(name: string, text: string): string {
  const prefix = parsePrefix(text);
  if (prefix?.address.family === 4 && prefix.length === 16) return text;
  throw new OptionError(
    `--${name}="${text}" cannot be used: it must be an IPv4 prefix of length 16, such as 172.19.0.0/16`,
  );
}

/** Host labels become parts of store keys and log lines. */
function hostLabel(text: string): string {
  if (/^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/.test(text)) return text;
  throw new OptionError(
    `--host="${text}" cannot be used: letters, digits, ".", "-" and "_", at most 253`,
  );
}

/** The name and the socket's file name must agree: Docker goes by the file. */
function driverSettings(values: OptionValues): DriverSettings | undefined {
  const name = pluginName(values.get("name") ?? "");
  const scope = oneOf(values, "docker-scope", ["local", "global"]);
  if (!values.has("plugin-socket")) {
    return { name, socket: `/run/docker/plugins/${name}.sock`, scope };
  }
  const socket = socketPath(values, "plugin-socket");
  if (!socket) return undefined;
  const file = socket.replace(/^.*\//, "").replace(/\.sock$/, "");
  if (name === file || name === DEFAULT_DRIVER) return { name: pluginName(file), socket, scope };
  throw new OptionError(
    `--name="${name}" and --plugin-socket="${socket}" cannot be used together: Docker would know the driver as "${file}"`,
  );
}

function pluginName(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(text)) return text;
  throw new OptionError(
    `--name="${text}" cannot be used: it must be a Docker plugin's name, such as netplugin`,
  );
}

function absolutePath(name: string, text: string): string {
  if (text.startsWith("/") && !text.includes("\0")) return text.replace(/(.)\/+$/, "$1");
  throw new OptionError(`--${name}="${text}" cannot be used: it must be an absolute path`);
}

function socketPath(values: OptionValues, name: string): string | undefined {
  const text = values.get(name) ?? "";
  if (text === "none" || text === "") return undefined;
  const path = absolutePath(name, text);
  // sun_path of unix(7) holds 108 bytes, the closing NUL included.
  if (new TextEncoder().encode(path).length < 108) return path;
  throw new OptionError(
    `--${name}="${text}" cannot be used: a socket's path is at most 107 bytes long`,
  );
}
