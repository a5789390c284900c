// better-auth as its documentation sets it up, with SQLite. In one process: hashing uses the other
// cores anyway, and two processes blocked each other's writes.
import { createServer } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";

const [file, port] = process.argv.slice(2);
const database = new DatabaseSync(file);
database.exec("PRAGMA journal_mode = WAL");
const options = {
  database,
  baseURL: `http://127.0.0.1:${port}`,
  secret: "5a".repeat(32),
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
};

await (await getMigrations(options)).runMigrations();
createServer(toNodeHandler(betterAuth(options))).listen(Number(port), "127.0.0.1");
