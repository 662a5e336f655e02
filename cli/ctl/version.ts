/**
 * `ctl version`: the client's and the server's.
 * @module
 */
import { ExitCode } from "../exit_code.ts";
import { VERSION, versionText } from "../version.ts";
import type { CommandSpec } from "./command.ts";
import { CtlError } from "./error.ts";
import { text } from "./listing.ts";

export const versionCommand: CommandSpec = {
  name: "version",
  description: "Show the version of this client and of the master",
  async run(invocation) {
    invocation.print(`Client Version:\n${versionText(VERSION)}\n`);
    const server = await (await invocation.master()).document("/version").catch(asRequestError);
    invocation.print(
      "Server Version:\n" + versionText({
        GitCommit: text(server, "GitCommit"),
        Version: text(server, "Version"),
        BuildTime: text(server, "BuildTime"),
      }),
    );
  },
};

/** `version` alone tells a server that cannot be asked by exit code 2. */
function asRequestError(error: unknown): never {
  if (!(error instanceof CtlError) || error.exitCode !== ExitCode.Refused) throw error;
  throw new CtlError(ExitCode.Request, error.message, { cause: error });
}
