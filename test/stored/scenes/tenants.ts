import { z } from "zod";
import type { World } from "../../support/world.ts";
import type { Recorder } from "../recorder.ts";
import { COMPLETED, makeBucket, makeCollection } from "./content-jobs.ts";

const Created = z.looseObject({ key: z.string() });

/** Namespaces and keys; answers a key that is in force. */
export async function makeTenants({ world, inNamespace }: Recorder): Promise<string> {
  await inNamespace("tenant");
  const expired = { name: "old", namespaces: ["tenant"], expires_at: new Date(Date.now() + 1000) };
  await world.api.post("/v1/keys", expired).expect(201);
  const made = await world.api.post("/v1/keys", { name: "in force", namespaces: ["tenant"] });
  return Created.parse(made.body).key;
}

/** Schedules in each of their states, and firings that stopped half-way. */
export async function schedules({ world, inNamespace, everyStop }: Recorder): Promise<void> {
  const api = await inNamespace("schedules");
  const bucket_id = await makeBucket(api, [{ content: { text: "A ship calls every day." } }]);
  await makeCollection(api, "daily");
  const submission = { kind: "bucket", bucket_id, collection_id: "daily", ...COMPLETED };
  let made = 0;
  const make = async (more: object = {}): Promise<string> => {
    const name = `schedule-${(made += 1)}`;
    const body = { name, cron: "0 3 * * *", submission, metadata: { kind: "daily" }, ...more };
    return String((await api.post("/v1/schedules", body).expect(201)).body["schedule_id"]);
  };
  await make({ overlap: "skip" });
  await make({ overlap: "queue", timezone: "Europe/Berlin", cron: "30 4 * * *" });
  const paused = await make();
  await api.post(`/v1/schedules/${paused}/pause`).expect(200);
  const wrong = await make({
    submission: { ...submission, collection_id: await makeCollection(api, "short-lived") },
  });
  await api.delete("/v1/collections/short-lived").expect(204);
  await api.post(`/v1/schedules/${wrong}/run`);
  await everyStop(
    () => Promise.resolve(),
    () => make(),
  );
  await everyStop(
    () => make(),
    (id) => api.delete(`/v1/schedules/${id}`).expect(204),
  );
  await everyStop(
    () => make(),
    (id) => fire(world, id),
  );
}

/** What the queue does when it is time. */
async function fire({ stack: { qstash }, worker }: World, id: string): Promise<void> {
  const url = `${qstash.url}/v2/publish/${worker.url}/internal/schedules/fire`;
  const headers = { Authorization: `Bearer ${qstash.token}`, "Content-Type": "application/json" };
  const body = JSON.stringify({ schedule_id: id });
  const { status } = await fetch(url, { method: "POST", headers, body });
  if (status >= 300) throw new Error(`the queue answered ${status}`);
}
