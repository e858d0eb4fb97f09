import { parseArgs } from "node:util";
import { startRedisServer } from "./server.ts";

const DEFAULT_PORT = "8079";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: DEFAULT_PORT },
    token: { type: "string", default: "dev" },
  },
});
const redisUrl = process.env["REDIS_URL"];
const server = await startRedisServer({
  port: Number(values.port),
  token: values.token,
  ...(redisUrl === undefined || redisUrl === "" ? {} : { redisUrl }),
});
// The URL of a real Redis can hold a password: it is not printed.
console.log(
  `Upstash Redis REST stand-in on ${server.url} (${redisUrl ? "REDIS_URL" : "in memory"})`,
);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    void server.close();
  });
}
