/**
 * The floor under a server of ours: Deno's own HTTP server that answers a GET with a stored text and commits a POST's body to a file, as
 * durably as the embedded store: `bare_server.ts PORT FILE BYTES`.
 * @module
 */
import { DatabaseSync } from "node:sqlite";

const [port = "", file = "", bytes = ""] = Deno.args;
const database = new DatabaseSync(file);
database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
database.exec("CREATE TABLE IF NOT EXISTS kept (at INTEGER PRIMARY KEY, value TEXT)");
const insert = database.prepare("INSERT INTO kept (value) VALUES (?)");
const answer = JSON.stringify({ filling: "x".repeat(Number(bytes)) });
const headers = { "content-type": "application/json" };

Deno.serve({ hostname: "127.0.0.1", port: Number(port), onListen: () => {} }, async (request) => {
  if (request.method === "POST") insert.run(await request.text());
  return new Response(answer, { headers });
});
