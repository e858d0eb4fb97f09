import { content } from "./content/index.ts";
import { createWaybill } from "./index.ts";

export { MongoPool, WatchHub } from "./index.ts";

export default createWaybill({ apps: [content], jobs: [], subscribers: [] });
