/**
 * Files that store options name: certificates, keys and secrets. One that cannot be used is an error that names it; one that others
 * may read is a warning.
 * @module
 */
import { OptionError, type OptionValues } from "./option.ts";

/** Bytes; bundles of all public authorities are about 250 kB. */
const LARGEST = 1024 * 1024;

export interface SecretSources {
  readonly environment: (name: string) => string | undefined;
}

interface Expectation {
  /** What a PEM file must contain. */
  readonly label?: RegExp;
  /** Whether nobody but the owner should be able to read it. */
  readonly secret?: boolean;
  readonly warn: (warning: string) => void;
}

/** The text of the file that option `name` names. Throws OptionError. */
export function readText(name: string, path: string, { label, secret, warn }: Expectation): string {
  const refused = (why: string, cause?: unknown) =>
    new OptionError(`--${name}="${path}" cannot be used: ${why}`, { cause });
  let text: string;
  try {
    const info = Deno.statSync(path);
    if (!info.isFile) throw refused("it is not a file");
    if (info.size > LARGEST) throw refused(`it is larger than ${LARGEST} bytes`);
    text = Deno.readTextFileSync(path);
    const mode = (info.mode ?? 0) & 0o777;
    if (secret && (mode & 0o077) !== 0) {
      warn(
        `${path} (--${name}) may be read by others than its owner, mode ${octal(mode)}: ` +
          `chmod 600 ${path}`,
      );
    }
  } catch (error) {
    if (error instanceof OptionError) throw error;
    if (error instanceof Deno.errors.NotFound) throw refused("there is no such file", error);
    throw refused(error instanceof Error ? error.message : String(error), error);
  }
  if (text.trim() === "") throw refused("it is empty");
  if (label && !label.test(text)) {
    throw refused(
      `it holds no ${label.source.replace(/[^A-Z ]/g, " ").replace(/ +/g, " ").trim()}`,
    );
  }
  return text;
}

/** A secret of one line, from the file of option `name` or the environment variable; undefined when neither is given. */
export function readSecret(
  values: OptionValues,
  name: string,
  variable: string,
  { environment }: SecretSources,
  warn: (warning: string) => void,
): string | undefined {
  const path = values.get(name);
  const inEnvironment = environment(variable) || undefined;
  if (!path) return inEnvironment;
  if (inEnvironment) {
    throw new OptionError(`--${name} and ${variable} are both given: leave one out`);
  }
  const secret = readText(name, path, { secret: true, warn }).replace(/\r?\n$/, "");
  if (!/[\r\n]/.test(secret)) return secret;
  throw new OptionError(`--${name}="${path}" cannot be used: it must hold one line`);
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
