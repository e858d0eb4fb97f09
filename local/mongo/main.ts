/** Runs the stand-in by itself: `node local/mongo/main.ts --port 27017 [--file data.bson]`. */
import { parseArgs } from "node:util";
import { startMongoServer } from "./server.ts";

const { values } = parseArgs({
  options: { port: { type: "string", default: "27017" }, file: { type: "string" } },
});

const port = Number(values.port);
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  throw new Error(`--port has to be a port number, not '${values.port}'`);
}

const server = await startMongoServer({
  port,
  ...(values.file === undefined ? {} : { file: values.file }),
});
console.log(`MongoDB stand-in: ${server.uri}`);

const stop = (): void => {
  void server.close();
};
process.once("SIGINT", stop);
process.once("SIGTERM", stop);
