/**
 * The original's recorded conversation, repeated against our master: what `ctl` prints and sends, and what the API answers.
 * Every recorded step is compared, or is named in ./deviations.ts with the reason why not.
 */
import assert from "node:assert/strict";
import { absentObject, type Deviation, deviations } from "./deviations.ts";
import { startMaster, type TestMaster } from "./master.ts";
import { difference, replayCommand } from "./replay_command.ts";
import {
  firstLine,
  readRecording,
  type RequestStep,
  unordered,
  withoutAbsent,
} from "./recording.ts";

const GO = { "user-agent": "Go-http-client/1.1" };

Deno.test("ctl and the master answer as the original did when its recording is replayed", async () => {
  await using master = await startMaster();
  const differences: string[] = [];
  const used = new Set<string>();
  for (const step of await readRecording("netctl-rest-vxlan-routing.jsonl")) {
    if (absentObject(step)) continue;
    const deviation = deviations[step.step];
    if (deviation) used.add(step.step);
    if (deviation?.skip) continue;
    const found = "argv" in step
      ? await replayCommand(master, step, deviation)
      : await replayRequest(master, step, deviation);
    for (const difference of found) {
      differences.push(
        `${step.step} ${"argv" in step ? step.argv.join(" ") : step.rest}: ${difference}`,
      );
    }
  }
  assert.deepEqual(differences, []);
  assert.deepEqual([...used].sort(), Object.keys(deviations).sort(), "deviations that no step has");
});

async function replayRequest(
  master: TestMaster,
  step: RequestStep,
  deviation: Deviation | undefined,
): Promise<string[]> {
  const [exchange] = step.http;
  assert(exchange);
  const { method, path } = exchange;
  const given = step.rest[2];
  const recordedBody = exchange.request || JSON.stringify(given);
  const body = recordedBody === "null" ? undefined : recordedBody;
  const headers = deviation?.contentType === undefined && body !== undefined
    ? { "content-type": "application/json" }
    : { "content-type": deviation?.contentType ?? "text/plain" };
  const send = (agent: Record<string, string>) =>
    master.request(path, {
      method,
      headers: { ...headers, ...agent },
      ...(body === undefined ? {} : { body }),
    });
  const reply = await send(GO);
  const text = await reply.text();
  const status = deviation?.expect?.status ?? exchange.status;
  const found = difference("status", reply.status, status);
  if (status === 200) {
    // Where the original failed, it had the content type of an error.
    const expected = exchange.status === 200 ? exchange.contentType : "application/json";
    found.push(...difference("content type", reply.headers.get("content-type"), expected));
    const recorded = deviation?.stdout?.(exchange.response ?? "") ?? exchange.response ?? "";
    found.push(...difference("body", unordered(text), unordered(withoutAbsent(recorded))));
    return found;
  }
  const error = deviation?.expect?.error ?? firstLine(exchange.response);
  found.push(...difference("error", firstLine(text), error));
  // Nothing has changed: the same again, by a client that reads status codes.
  const proper = await send({ "user-agent": "curl/8.0" });
  const properText = await proper.text();
  if (proper.status < 400 || proper.status === 500) found.push(`proper status is ${proper.status}`);
  // "page not found" and a wrong content type have texts of their own.
  if (reply.status === 500) found.push(...difference("proper text", properText, text));
  return found;
}
