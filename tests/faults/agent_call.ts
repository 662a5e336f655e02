/**
 * One call to the agent of a host, on a connection of its own: a client that keeps connections may be slow to see that the agent was started
 * again, and times of recovery are measured here.
 * @module
 */
import { request } from "node:http";
import type { Host } from "../lab/host.ts";
import type { Reply } from "../system/chaos/calls.ts";

const DEADLINE_MS = 20_000;

/** Never rejects: status 0 when the connection broke. `path`: such as /healthz */
export function agentCall(
  host: Host,
  method: "GET" | "POST" | "DELETE",
  path: string,
  body?: unknown,
): Promise<Reply> {
  return new Promise((resolve) => {
    const failed = (error: Error) => resolve({ status: 0, text: error.message });
    const call = request({
      socketPath: host.path("/run/contiv/agent.sock"),
      path,
      method,
      agent: false,
      signal: AbortSignal.timeout(DEADLINE_MS),
      headers: body === undefined ? {} : { "content-type": "application/json" },
    }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => text += chunk);
      response.on("error", failed);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    call.on("error", failed);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
