/**
 * Binds the transactions that are made in a host's name to its claim to the label: a process that slept while another host took the label
 * writes nothing, though it has not heard of that yet.
 * @module
 */
import type { HostState } from "../model/records.ts";
import { hostKey } from "../state/keys.ts";
import type { Plan } from "../state/plan.ts";
import { read, type Snapshot } from "../state/snapshot.ts";
import { IntentError } from "./error.ts";

/** The same decision, which can only be committed while the claim holds. */
export type Fence = <T>(
  decide: (snapshot: Snapshot) => Plan<T>,
) => (snapshot: Snapshot) => Plan<T>;

/** Decisions throw IntentError "conflict" while the label's record is not this identity's. */
export function hostFence(
  { label, identity }: { readonly label: string; readonly identity: string },
): Fence {
  const key = hostKey(label);
  return (decide) => (snapshot) => {
    if (read<HostState>(snapshot, key)?.identity !== identity) {
      throw new IntentError(
        "conflict",
        `the host label ${label} is not this host's any more`,
        `Nothing was changed. The agent claims it again, or ends when another host has it; \`contiv ctl host ls\` shows who has`,
      );
    }
    const plan = decide(snapshot);
    if (plan.operations.length === 0) return plan;
    // What changes the record without taking the label (that the host is down) only makes the decision be made anew.
    const modRevision = snapshot.get(key)?.modRevision ?? 0;
    return { ...plan, compares: [...plan.compares, { key, modRevision }] };
  };
}
