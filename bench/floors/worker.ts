import { Hono } from "hono";
import { constant } from "./constant.ts";
import type { FloorBindings } from "./bindings.ts";
import { fiveCalls } from "./five-calls.ts";
import { insert } from "./insert.ts";
import { redisGet } from "./redis-get.ts";

export { MongoPool } from "./mongo-pool.ts";

/**
 * The least that a worker on the same services could do, by path: what Waybill's figures are
 * compared with. No keys, no validation, no error handling.
 */
const app = new Hono<FloorBindings>();
app.get("/healthz", (c) => c.text("ok"));
app.get("/constant", constant);
app.get("/redis-get/:key", redisGet);
app.post("/insert", insert);
app.post("/five-calls", fiveCalls);

export default { fetch: app.fetch };
