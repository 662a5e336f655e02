/**
 * One recorded netctl call, repeated by `ctl` against our master, and every way in which it went differently.
 * @module
 */
import { runCtl } from "../../cli/ctl/run.ts";
import type { Deviation } from "./deviations.ts";
import type { TestMaster } from "./master.ts";
import {
  type CommandStep,
  type Exchange,
  loggedMessage,
  unordered,
  withoutAbsent,
} from "./recording.ts";

/** Empty: what was printed, sent and answered is the recording's. With a deviation, what was sent is not compared. */
export async function replayCommand(
  master: TestMaster,
  step: CommandStep,
  deviation: Deviation | undefined,
): Promise<string[]> {
  const [, ...argv] = deviation?.argv ?? step.argv;
  const output = { stdout: "", stderr: "" };
  master.takeExchanges();
  const exit = await runCtl(argv, {
    stdout: (text) => void (output.stdout += text),
    stderr: (text) => void (output.stderr += text),
    env: { NETMASTER: master.url },
    readTextFile: () => Promise.reject(new Deno.errors.NotFound()),
    programName: "netctl",
  });
  const expected = { ...step, ...deviation?.expect };
  const found = [
    ...difference("exit", exit, expected.exit),
    ...difference(
      "error",
      loggedMessage(output.stderr),
      deviation?.expect?.error ?? loggedMessage(step.stderr),
    ),
  ];
  // Beside a usage error the command's help is shown; ours explains more than the original's.
  if (step.exit !== 1) {
    const stdout = deviation?.stdout?.(step.stdout) ?? step.stdout;
    found.push(...difference("stdout", unordered(output.stdout), unordered(withoutAbsent(stdout))));
  }
  if (!deviation) found.push(...exchangeDifferences(master.takeExchanges(), step.http));
  return found;
}

function exchangeDifferences(ours: readonly Exchange[], recorded: readonly Exchange[]): string[] {
  const summary = ({ method, path, request }: Exchange) =>
    `${method} ${decodeURIComponent(path)} ${request}`.trimEnd();
  const found = difference("requests", ours.map(summary), recorded.map(summary));
  for (const [index, exchange] of recorded.entries()) {
    const reply = ours[index];
    if (!reply) continue;
    found.push(...difference("succeeded", reply.status === 200, exchange.status === 200));
    if (exchange.status !== 200) continue;
    found.push(...difference("content type", reply.contentType, exchange.contentType));
    found.push(
      ...difference(
        "reply",
        unordered(reply.response ?? ""),
        unordered(withoutAbsent(exchange.response ?? "")),
      ),
    );
  }
  return found;
}

export function difference(what: string, ours: unknown, original: unknown): string[] {
  const [a, b] = [JSON.stringify(ours), JSON.stringify(original)];
  return a === b ? [] : [`${what}\n    ours:     ${a}\n    original: ${b}`];
}
