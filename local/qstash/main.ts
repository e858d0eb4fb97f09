import { parseArgs } from "node:util";
import { scaledClock } from "./clock.ts";
import { startQStashServer } from "./server.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "8080" },
    token: { type: "string", default: "local-qstash-token" },
    "current-key": { type: "string", default: "sig_local_current" },
    "next-key": { type: "string", default: "sig_local_next" },
    speed: { type: "string", default: "1" },
  },
});

const server = await startQStashServer({
  port: Number(values.port),
  token: values.token,
  currentSigningKey: values["current-key"],
  nextSigningKey: values["next-key"],
  clock: scaledClock(Number(values.speed)),
});
console.log(`QStash stand-in: ${server.url} (token ${server.token}, time ×${values.speed})`);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void server.close());
}
