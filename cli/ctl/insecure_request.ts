/**
 * One HTTPS request that accepts any certificate, for `--insecure`: fetch cannot do that for a single request.
 * @module
 */
import { request } from "node:https";
import { Buffer } from "node:buffer";
import type { Reply } from "./http_connection.ts";

export function requestWithoutVerification(
  url: string,
  method: string,
  headers: Readonly<Record<string, string>>,
  body: string | undefined,
  deadlineMs: number,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(deadlineMs);
    const options = { method, headers: { ...headers }, rejectUnauthorized: false, signal };
    const outgoing = request(url, options, (incoming) => {
      const chunks: Uint8Array[] = [];
      incoming.on("data", (chunk: Uint8Array) => chunks.push(chunk));
      incoming.on("error", reject);
      incoming.on("end", () =>
        resolve({
          status: incoming.statusCode ?? 0,
          statusText: incoming.statusMessage ?? "",
          text: Buffer.concat(chunks).toString("utf8"),
        }));
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
