/**
 * The public API from which a deployer builds a worker. It imports no app; content comes from
 * `waybill-worker/content`, as any app would.
 */
export { type App, combineApps } from "./app.ts";
export { createWaybill, type Waybill, type Worker } from "./create-waybill.ts";
export { defineLoop, NonRetryableError } from "./engine/jobs/define-loop.ts";
export type { Job } from "./engine/jobs/job.ts";
export type {
  Conclusion,
  JobEvent,
  LoopContext,
  LoopDefinition,
  StepOutcome,
} from "./engine/jobs/loop.ts";
export { defineSubscriber, type Subscriber, type SubscriberContext } from "./engine/subscriber.ts";
export type { Database, Index } from "./ports/database.ts";
export { MongoPool } from "./stores/mongo/pool-object.ts";
export { WatchHub } from "./stores/watch/watch-hub.ts";
