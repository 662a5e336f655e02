/**
 * Where the store's records and its own books lie in Consul's key space. A record keeps its path, without the leading slash that
 * Consul's URLs cannot carry.
 * @module
 */
import { ROOT } from "../../../mod/state/keys.ts";
import { type Revision, StoreError } from "../../../mod/state/store.ts";

/** Every record lies under it. */
export const RECORDS = ROOT.slice(1);
/** The books. Beside the records, so that no record can be mistaken for them. */
const BOOKS = "contiv.io-store/";
/** The one key that every transaction compares and sets. */
export const HEAD = `${BOOKS}head`;
/** One marker a lease, locked by the lease's session. */
export const LEASES = `${BOOKS}lease/`;
/** The further pieces of records that do not fit one value. */
export const PIECES = `${BOOKS}pieces/`;

/** What a revision changed. Padded, so that Consul lists the log in order. */
export const logKey = (revision: Revision): string => `${BOOKS}log/${padded(revision)}`;
/** The parts of a log entry that does not fit one value; all that were ever tried for the revision lie here. */
export const partsPrefix = (revision: Revision): string => `${BOOKS}parts/${padded(revision)}/`;
export const leaseKey = (lease: string): string => LEASES + lease;
/** Encoded, so that no record's pieces lie below another's. */
export const piecesPrefix = (key: string): string => `${PIECES}${encodeURIComponent(key)}/`;

const padded = (revision: Revision): string => String(revision).padStart(16, "0");

/** Throws StoreError "invalid" for a key outside of the root: Consul's key space is shared with others. */
export function toConsul(key: string): string {
  if (key.startsWith(ROOT)) return key.slice(1);
  throw new StoreError("invalid", `the key ${key} is not under ${ROOT}, where Consul keeps ours`);
}

export const fromConsul = (key: string): string => `/${key}`;
