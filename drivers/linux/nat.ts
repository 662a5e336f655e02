/**
 * Writes masquerade and forward rules: by iptables/ip6tables where they work, because Docker and most firewalls of a Docker host do, else
 * by nft. Reads first, and applies only the difference, atomically.
 * @module
 */
import { KernelError } from "../../mod/agent/kernel.ts";
import { runCommand } from "./command.ts";
import { DIALECTS, ownChains, parseSave, planChains, planRemoval } from "./iptables.ts";
import { NFT_TABLE, nftTable } from "./nftables.ts";

/** Names or paths. `-save` and `-restore` are appended to those of iptables. */
export interface NatTools {
  readonly iptables: string;
  readonly ip6tables: string;
  readonly nft: string;
}

const DEFAULT_TOOLS: NatTools = { iptables: "iptables", ip6tables: "ip6tables", nft: "nft" };

/** Seconds to wait for the lock when another program is changing rules. */
const LOCK_WAIT = "--wait=5";

/** Rules for the containers behind `link`, whose source prefixes (canonical, both families) are translated on other links. */
export async function ensureNat(
  link: string,
  prefixes: readonly string[],
  tools: Partial<NatTools>,
): Promise<void> {
  const { iptables, ip6tables, nft } = { ...DEFAULT_TOOLS, ...tools };
  const isIPv6 = (prefix: string) => prefix.includes(":");
  const families = [
    { program: iptables, prefixes: prefixes.filter((prefix) => !isIPv6(prefix)) },
    { program: ip6tables, prefixes: prefixes.filter(isIPv6) },
  ].filter((family) => family.prefixes.length > 0);
  const leftOver: string[] = [];
  const reasons: string[] = [];
  for (const family of families) {
    const unusable = await ensureIptables(family.program, link, family.prefixes);
    if (unusable === undefined) continue;
    leftOver.push(...family.prefixes);
    reasons.push(unusable);
  }
  if (leftOver.length > 0) await ensureNft(nft, link, leftOver, reasons);
}

/** Takes away what ensureNat made, in every tool that there is. */
export async function removeNat(tools: Partial<NatTools>): Promise<void> {
  const { iptables, ip6tables, nft } = { ...DEFAULT_TOOLS, ...tools };
  for (const program of [iptables, ip6tables]) {
    const saved = await runCommand(`${program}-save`, []);
    const input = saved?.success ? planRemoval(parseSave(saved.stdout)) : "";
    const failed = input && await restore(program, input);
    if (failed) throw ruleError(`remove rules with ${program}-restore`, failed);
  }
  const listing = await runCommand(nft, ["list", "table", ...NFT_TABLE.split(" ")]);
  if (!listing?.success) return;
  const deleted = await runCommand(nft, ["delete", "table", ...NFT_TABLE.split(" ")]);
  if (!deleted?.success) {
    throw ruleError(`delete nft table ${NFT_TABLE}`, deleted?.stderr ?? "nft is gone");
  }
}

/** Undefined when the rules are in force, else why this program cannot be used. */
async function ensureIptables(
  program: string,
  link: string,
  prefixes: readonly string[],
): Promise<string | undefined> {
  const saved = await runCommand(`${program}-save`, []);
  if (!saved) return `${program} is not installed`;
  if (!saved.success) return unusable(program, saved.stderr);
  const tables = parseSave(saved.stdout);
  const plans = DIALECTS.map((dialect) => planChains(tables, ownChains(link, prefixes, dialect)));
  // Rules that are in force in any dialect stay, so that they are not rewritten each time on a kernel that lacks the first.
  if (plans.includes("")) return undefined;
  let firstFailure: string | undefined;
  for (const plan of plans) {
    const failure = await restore(program, plan);
    if (failure === undefined) return undefined;
    firstFailure ??= failure;
  }
  return unusable(program, firstFailure ?? "");
}

/** Another program is no way out of a lack of permission. */
function unusable(program: string, stderr: string): string {
  if (isDenied(stderr)) throw ruleError(`use ${program}`, stderr);
  return `${program}: ${stderr || "failed without a word"}`;
}

/** Undefined when done, else stderr. */
async function restore(program: string, input: string): Promise<string | undefined> {
  const result = await runCommand(`${program}-restore`, ["--noflush", LOCK_WAIT], input);
  if (!result) return `${program}-restore is not installed`;
  return result.success ? undefined : result.stderr;
}

async function ensureNft(
  nft: string,
  link: string,
  prefixes: readonly string[],
  reasons: readonly string[],
): Promise<void> {
  const table = nftTable(link, prefixes);
  const listing = await runCommand(nft, ["list", "table", ...NFT_TABLE.split(" ")]);
  if (listing?.success && table.isIn(listing.stdout)) return;
  const applied = listing && await runCommand(nft, ["-f", "-"], table.script);
  if (applied?.success) return;
  const why = [...reasons, applied ? `${nft}: ${applied.stderr}` : `${nft} is not installed`];
  if (applied && isDenied(applied.stderr)) throw ruleError(`use ${nft}`, applied.stderr);
  throw new KernelError(
    "unsupported",
    `cannot translate addresses of ${prefixes.join(", ")} for containers: ${why.join("; ")}. ` +
      "Install iptables or nftables (apt-get install iptables), with NAT in the kernel",
  );
}

function ruleError(attempted: string, stderr: string): KernelError {
  const advice = isDenied(stderr) ? "; run as root, or with CAP_NET_ADMIN" : "";
  return new KernelError(
    isDenied(stderr) ? "permission" : "failed",
    `cannot ${attempted}: ${stderr}${advice}`,
  );
}

function isDenied(stderr: string): boolean {
  return /permission denied|not permitted|must be root/i.test(stderr);
}
