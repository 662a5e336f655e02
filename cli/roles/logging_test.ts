import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { reset } from "@logtape/logtape";
import { logOf, startLogging, syslogLine } from "./logging.ts";

Deno.test("syslogLine is RFC 5424 with the facility daemon", () => {
  const line = syslogLine(
    {
      category: ["contiv", "agent"],
      level: "warning",
      message: ["link ", "vvport1", " is gone"],
      rawMessage: "link {link} is gone",
      timestamp: Date.UTC(2026, 0, 2, 3, 4, 5),
      properties: { link: "vvport1" },
    },
    "host1",
    7,
  );
  assert.equal(line, "<28>1 2026-01-02T03:04:05.000Z host1 contiv 7 agent - link vvport1 is gone");
});

Deno.test("the log reaches a syslog server over UDP when one is configured", async () => {
  const server = createSocket("udp4");
  const bound = Promise.withResolvers<void>();
  server.bind(0, "127.0.0.1", () => bound.resolve());
  await bound.promise;
  const received = new Promise<string>((resolve) =>
    server.once("message", (datagram) => resolve(String(datagram)))
  );
  const { port } = server.address();
  await startLogging(
    { level: "error", json: false, syslog: { hostname: "127.0.0.1", port } },
    "host1",
  );
  logOf("agent").warn("too quiet to be sent");
  logOf("agent").error("{count} endpoints are not right", { count: 2 });
  assert.match(
    await received,
    /^<27>1 \S+ host1 contiv \d+ agent - 2 endpoints are not right$/,
  );
  server.close();
  await reset();
});

for (const [name, json] of [["JSON, one object a line", true], ["text", false]] as const) {
  Deno.test(`the log is ${name}, and holds back what is below its level`, async () => {
    const program = `import { logOf, startLogging } from ${
      JSON.stringify(new URL("./logging.ts", import.meta.url).href)
    };
      await startLogging({ level: "info", json: ${json} }, "h");
      logOf("agent").debug("hidden");
      logOf("agent").info("ready: {host}", { host: "a" });`;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["eval", `--config=${new URL("../../deno.json", import.meta.url).pathname}`, program],
      stderr: "piped",
    });
    const text = new TextDecoder().decode((await child.output()).stderr).trim();
    assert.equal(text.split("\n").length, 1, text);
    if (!json) return assert.match(text, /\[INF\] contiv\.agent: ready: a$/);
    const record = JSON.parse(text);
    assert.equal(record.level, "INFO");
    assert.equal(record.host, "a");
  });
}
