/**
 * A worker with a job of one's own beside the content application. Try it from the project's root:
 *
 *   npx wrangler deploy examples/own-job/worker.ts --dry-run
 *
 *   POST /v1/tasks {"task_type": "count_words", "input": {"texts": ["one two", "three"]}}
 */
import { createWaybill } from "waybill-worker";
import { content } from "waybill-worker/content";
import { countWords } from "./count-words.ts";

export { MongoPool, WatchHub } from "waybill-worker";

export default createWaybill({ apps: [content], jobs: [countWords], subscribers: [] });
