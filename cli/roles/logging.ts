/**
 * Where the log goes: standard error, as text or JSON lines, and a syslog server if asked for (RFC 5424 over UDP, facility daemon).
 * @module
 */
import { createSocket } from "node:dgram";
import {
  configure,
  getJsonLinesFormatter,
  getLogger,
  getTextFormatter,
  type LogRecord,
  type Sink,
} from "@logtape/logtape";
import type { Log } from "../../mod/agent/log.ts";
import { write } from "../output/write.ts";
import type { LogSettings } from "./settings.ts";

/** Sets up logging for the process. Call once, before anything logs. */
export async function startLogging(settings: LogSettings, hostname: string): Promise<void> {
  const sinks: Record<string, Sink> = { stderr: stderrSink(settings.json) };
  if (settings.syslog) sinks.syslog = syslogSink(settings.syslog, hostname);
  await configure({
    reset: true,
    sinks,
    loggers: [
      { category: "contiv", lowestLevel: settings.level, sinks: Object.keys(sinks) },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["stderr"] },
    ],
  });
}

/** The log of one part, e.g. `agent`, `master`. */
export function logOf(part: string): Log {
  return getLogger(["contiv", part]);
}

function stderrSink(json: boolean): Sink {
  const format = json ? getJsonLinesFormatter({ properties: "flatten" }) : getTextFormatter({
    timestamp: "rfc3339",
    category: ".",
    value: (value, inspect) => typeof value === "string" ? value : inspect(value),
  });
  return (record) => write(Deno.stderr, format(record));
}

const DAEMON = 3;
const SEVERITY = { trace: 7, debug: 7, info: 6, warning: 4, error: 3, fatal: 2 } as const;

/** One datagram a record; a server that is not there is no reason to stop. */
function syslogSink(server: { hostname: string; port: number }, hostname: string): Sink {
  const socket = createSocket(server.hostname.includes(":") ? "udp6" : "udp4");
  socket.on("error", () => {});
  socket.unref();
  return (record) =>
    socket.send(syslogLine(record, hostname, Deno.pid), server.port, server.hostname, () => {});
}

/** RFC 5424 section 6: `<PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID - MSG`. */
export function syslogLine(record: LogRecord, hostname: string, pid: number): string {
  const priority = DAEMON * 8 + SEVERITY[record.level];
  const text = record.message.map((part) => typeof part === "string" ? part : Deno.inspect(part))
    .join("");
  const time = new Date(record.timestamp).toISOString();
  return `<${priority}>1 ${time} ${hostname} contiv ${pid} ${
    record.category.at(-1) ?? "-"
  } - ${text}`;
}
