import { spawnSync } from "node:child_process";
import type { Db, Document } from "mongodb";
import { z } from "zod";
import type { Archive, StoredMessage, StoredSchedule } from "./archive.ts";
import { type Recorder, SEALING_KEY } from "./recorder.ts";
import { readEverything } from "./tour.ts";

const Body = z.record(z.string(), z.unknown());

const QueueSchedules = z.array(
  z.object({ scheduleId: z.string(), cron: z.string(), body: z.string() }),
);

/** Takes all that is stored or in flight, and then records what every route answers about it. */
export async function takeArchive(recorder: Recorder, key: string): Promise<Archive> {
  const { world, db, tokens } = recorder;
  const collections = await everyDocument(db);
  const ids = new Set([...collections.values()].flat().map(({ _id }) => String(_id)));
  const messages = pendingMessages(recorder, ids);
  const schedules = await queueSchedules(recorder, ids);
  const copies = await hotCopies(recorder, ids);
  await world.stack.redis.flush();
  await world.restartWorker();
  return {
    manifest: {
      commit: spawnSync("git", ["rev-parse", "HEAD"]).stdout.toString().trim(),
      recorded_at: new Date().toISOString(),
      sealing_key: SEALING_KEY,
      key,
      report_tokens: Object.fromEntries([...tokens].filter(([taskId]) => ids.has(taskId))),
    },
    collections,
    messages,
    schedules,
    copies,
    answers: await readEverything(world),
  };
}

/** All documents, by collection. */
async function everyDocument(db: Db): Promise<Map<string, Document[]>> {
  const all = new Map<string, Document[]>();
  for (const { name } of await db.listCollections().toArray()) {
    const sorted = db.collection(name).find().sort({ _id: 1 });
    all.set(name, await sorted.toArray());
  }
  return new Map([...all].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/** Messages about what is stored. */
function pendingMessages({ clock, world }: Recorder, ids: ReadonlySet<string>): StoredMessage[] {
  return world.stack.qstash.pendingMessages().flatMap((message) => {
    const body = Body.parse(JSON.parse(message.body ?? "{}"));
    const about = ["task_id", "id", "delivery_id", "schedule_id"].map((field) => body[field]);
    if (!about.some((id) => typeof id === "string" && ids.has(id))) return [];
    const { flowControlKey, parallelism, rate, period, label } = message;
    return {
      path: new URL(message.url).pathname,
      body,
      delay: Math.max(0, Math.ceil((message.notBefore - clock.now()) / 1000)),
      retries: message.maxRetries,
      label,
      flow_control:
        flowControlKey === undefined
          ? undefined
          : { key: flowControlKey, parallelism, rate, period },
    };
  });
}

async function queueSchedules(
  { world }: Recorder,
  ids: ReadonlySet<string>,
): Promise<StoredSchedule[]> {
  const { qstash } = world.stack;
  const headers = { Authorization: `Bearer ${qstash.token}` };
  const response = await fetch(`${qstash.url}/v2/schedules`, { headers });
  return QueueSchedules.parse(await response.json())
    .filter(({ scheduleId }) => ids.has(scheduleId))
    .map(({ scheduleId, cron, body }) => ({
      schedule_id: scheduleId,
      cron,
      body: Body.parse(JSON.parse(body)),
    }));
}

async function hotCopies(
  { world }: Recorder,
  ids: ReadonlySet<string>,
): Promise<Archive["copies"]> {
  const { url, token } = world.stack.redis;
  const headers = { Authorization: `Bearer ${token}` };
  const ask = async (...command: readonly string[]): Promise<unknown> => {
    const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(command) });
    return z.object({ result: z.unknown() }).parse(await response.json()).result;
  };
  const keys = z.array(z.string()).parse(await ask("KEYS", "waybill:task:*"));
  const known = keys.toSorted().filter((key) => ids.has(key.split(":").at(-1) ?? ""));
  return Promise.all(
    known.map(async (key) => ({ key, value: z.string().parse(await ask("GET", key)) })),
  );
}
