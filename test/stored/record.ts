/** `npm run record:stored -- NAME`: records what this version stores as a set of fixtures (README.md). */
import { writeArchive } from "./archive.ts";
import { startRecorder } from "./recorder.ts";
import { contentJobs, settledJobs } from "./scenes/content-jobs.ts";
import { settledDeliveries, stoppedDeliveries } from "./scenes/deliveries.ts";
import { settledTasks, waitingTasks } from "./scenes/tasks.ts";
import { makeTenants, schedules } from "./scenes/tenants.ts";
import { takeArchive } from "./take-archive.ts";

/** What moves cron or the queue's time comes first: it would resume what others left half done. Of those
 * each looks less far ahead than the one before. */
const SCENES = {
  settledDeliveries,
  settledJobs,
  settledTasks,
  waitingTasks,
  schedules,
  stoppedDeliveries,
  contentJobs,
};

const [name, only] = process.argv.slice(2);
if (name === undefined || !/^\d{4}-[a-z-]+$/.test(name)) {
  throw new Error("usage: npm run record:stored -- 0002-what-is-new [one scene]");
}
const recorder = await startRecorder();
const key = await makeTenants(recorder);
for (const [scene, play] of Object.entries(SCENES)) {
  if (only !== undefined && only !== scene) continue;
  console.log(scene);
  await play(recorder);
}
await writeArchive(name, await takeArchive(recorder, key), {
  worker: recorder.world.worker.url,
  receiver: recorder.receiver.url(""),
});
// What was held for good keeps connections open.
process.exit(0);
