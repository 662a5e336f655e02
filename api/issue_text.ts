/**
 * What a schema has against a request, as one printable sentence of bounded length.
 * @module
 */
import type { z } from "zod";

const LONGEST = 300;

/** `field.inner: what is wrong`, of the first issue. Parts of the path that the caller made up are left out when they are no words. */
export function issueText(error: z.ZodError): string {
  const [issue] = error.issues;
  const where = issue?.path.map(String).filter((part) => /^[\w-]{1,64}$/.test(part)).join(".");
  const text = `${where || "request"}: ${issue?.message ?? "cannot be used"}`;
  const printable = text.replace(/\p{C}+/gu, " ");
  return printable.length > LONGEST ? `${printable.slice(0, LONGEST)}…` : printable;
}
