/**
 * Our rules in nftables, for hosts without iptables: a table of our own, replaced as a whole in one transaction when it differs.
 * @module
 */
import { createHash } from "node:crypto";

export const NFT_TABLE = "inet contiv";

export interface NftTable {
  /** Input for `nft -f -`. */
  readonly script: string;
  /** Whether `nft list table inet contiv` printed this very table. */
  isIn(listing: string): boolean;
}

/**
 * The listing is not compared as text, because each version of nft prints rules in its own way: every rule carries a digest of the whole
 * table as its comment, and all of them must be there.
 * @param prefixes both families, canonical
 */
export function nftTable(link: string, prefixes: readonly string[]): NftTable {
  const masquerade = prefixes.map((prefix) =>
    `${prefix.includes(":") ? "ip6" : "ip"} saddr ${prefix} oifname != "${link}" masquerade`
  );
  const forward = [
    `iifname "${link}" accept`,
    `oifname "${link}" ct state established,related accept`,
  ];
  const rules = [...masquerade, ...forward];
  const digest = createHash("sha256").update(rules.join("\n")).digest("hex").slice(0, 16);
  const comment = `comment "contiv:${digest}"`;
  const chain = (name: string, hook: string, lines: readonly string[]) =>
    `chain ${name} {\n${hook}\n${lines.map((line) => `${line} ${comment}\n`).join("")}}\n`;
  return {
    // "add" before "delete", because deleting an absent table is an error.
    script: `add table ${NFT_TABLE}\ndelete table ${NFT_TABLE}\ntable ${NFT_TABLE} {\n` +
      chain("postrouting", "type nat hook postrouting priority 100; policy accept;", masquerade) +
      chain("forward", "type filter hook forward priority -10; policy accept;", forward) +
      "}\n",
    isIn: (listing) => listing.split(comment).length - 1 === rules.length,
  };
}
