/**
 * Builders of fields: a zod schema each, whose errors are the original's texts.
 * @module
 */
import { z } from "zod";

/** A list field holds at most this many names, so that one transaction can maintain all of its links. */
export const MAX_LIST = 40;

/** A string of at most `max` UTF-16 units that matches `pattern`. */
export function text(name: string, max: number, pattern: RegExp, description: string): z.ZodString {
  return z.string()
    .max(max, { error: `${name} string too long` })
    .regex(pattern, { error: `${name} string invalid format` })
    .meta({ description });
}

/** A string with no grammar but that it is well-formed, printable text. */
export function freeText(name: string, max: number, description: string): z.ZodString {
  return text(name, max, /^[^\p{C}]*$/u, description);
}

/** An integer from `min` to `max`, both inclusive. */
export function integer(name: string, min: number, max: number, description: string): z.ZodInt {
  const error = `${name} Value Out of bound`;
  return z.int({ error: (issue) => issue.code === "too_big" ? error : undefined })
    .min(min, { error }).max(max, { error }).meta({ description });
}

/** Names of other objects in the same tenant. */
export function names(name: string, description: string): z.ZodArray<z.ZodString> {
  return z.array(freeText(name, 64, "A name in the same tenant."))
    .max(MAX_LIST, { error: `${name} has too many entries, at most ${MAX_LIST} fit` })
    .meta({ description });
}
