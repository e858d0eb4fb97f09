import { parseArgs } from "node:util";
import { startDnsServer } from "./server.ts";

const DEFAULT_PORT = "8053";

const { values } = parseArgs({ options: { port: { type: "string", default: DEFAULT_PORT } } });
const server = await startDnsServer({ port: Number(values.port) });
console.log(`DNS-over-HTTPS stand-in on ${server.url}`);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    void server.close();
  });
}
