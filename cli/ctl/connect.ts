/**
 * Which master to talk to, and as whom: `--netmaster`, NETMASTER, and the token that `login` left behind.
 * @module
 */
import { ExitCode } from "../exit_code.ts";
import { CtlError } from "./error.ts";
import { FirstThatAnswers } from "./first_that_answers.ts";
import { HttpConnection } from "./http_connection.ts";
import type { CtlIo } from "./io.ts";
import { isObject, MasterClient } from "./master_client.ts";

/** The original's was `http://netmaster:9999`, a name that newcomers do not have. */
export const DEFAULT_MASTER = "http://127.0.0.1:9999";

const ADVICE = "Start a master here (`contiv up` or `contiv master`), or say where one is: " +
  "--netmaster http://HOST:9999 or environment NETMASTER";

/** Throws CtlError when the address or the token file cannot be used. */
export async function connect(
  io: CtlIo,
  options: { readonly netmaster: string; readonly insecure: boolean },
): Promise<MasterClient> {
  const addresses = (options.netmaster || io.env.NETMASTER || DEFAULT_MASTER).split(",")
    .map((address) => address.trim());
  for (const address of addresses) requireAddress(address);
  const token = await readToken(io);
  if (token && !addresses.every((address) => address.startsWith("https://"))) {
    throw new CtlError(
      ExitCode.Refused,
      "error processing netctl config: failed to set auth token: " +
        "setting auth token requires a https auth_proxy URL\n" +
        `Remove ${tokenPath(io)} to log out, or name the proxy: --netmaster https://HOST:10000`,
    );
  }
  const insecure = options.insecure || /^(1|t|true)$/i.test(io.env.INSECURE ?? "");
  const connections = addresses.map((address) => new HttpConnection(address, ADVICE, insecure));
  return new MasterClient(new FirstThatAnswers(connections), token);
}

function requireAddress(address: string): void {
  if (/^(https?:\/\/[^/]|unix:\/\/\/)/.test(address) && URL.canParse(address)) return;
  throw new CtlError(
    ExitCode.Refused,
    `"${address}" is not the address of a master\n` +
      "Write it as http://HOST:9999, https://HOST:10000 or unix:///path/of/socket; several with commas between",
  );
}

function tokenPath(io: CtlIo): string {
  return `${io.env.HOME ?? ""}/.netctl/config.json`;
}

/** Empty when nobody has logged in. The token appears in no message. */
async function readToken(io: CtlIo): Promise<string> {
  const path = tokenPath(io);
  try {
    const content: unknown = JSON.parse(await (io.readTextFile ?? Deno.readTextFile)(path));
    if (isObject(content) && typeof content.token === "string") return content.token;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return "";
    // A parser's message would quote the file, and so the token.
    const why = cause instanceof SyntaxError ? "it is not JSON" : String(cause);
    throw new CtlError(
      ExitCode.InputOutput,
      `error processing netctl config: cannot read ${path}: ${why}\nRepair or remove the file`,
    );
  }
  throw new CtlError(
    ExitCode.InputOutput,
    `error processing netctl config: ${path} holds no token\nRepair or remove the file`,
  );
}
