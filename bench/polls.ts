import type { Request } from "autocannon";
import { z } from "zod";
import { killAll, makeBucket, makeDrafts, submitAll } from "./fixtures.ts";
import { interleave } from "./interleave.ts";
import { type Load, run } from "./load.ts";
import { type Comparison, compare } from "./report.ts";
import type { TestBed } from "./test-bed.ts";

const CLIENTS = 64;

/** Different tasks: more than clients, so that no two polls of one task share a look-up. */
const TASKS = 256;

/** Polls of running and of finished tasks beside their floors. */
export async function measurePolls(
  bed: TestBed,
  rounds: number,
  seconds: number,
): Promise<Comparison[]> {
  const bucket = await makeBucket(bed.api, "polls", ["One short text."]);
  const drafts = await makeDrafts(bed.api, bucket, 2 * TASKS);
  const tasks = await submitAll(bed.api, drafts);
  const running = tasks.slice(0, TASKS);
  const finished = tasks.slice(TASKS);
  await killAll(bed.api, finished);
  await expectStatus(bed, running, "PENDING");
  await expectStatus(bed, finished, "CANCELED");

  const one = await bed.api.get(`/v1/tasks/${running[0]}`).expect(200);
  const namespaceId = z.string().parse(one.body["namespace_id"]);
  const poll = (ids: readonly string[]) => ids.map((id) => get(`/v1/tasks/${id}`, bed.headers));
  const copies = running.map((id) => get(`/redis-get/waybill:task:${namespaceId}:${id}`));
  const measures = [
    loadOf(bed, "waybill", poll(running)),
    loadOf(bed, "floors", copies),
    loadOf(bed, "waybill", poll(finished)),
    loadOf(bed, "floors", [get("/constant")]),
  ].map((load) => () => run({ ...load, extent: { seconds } }));
  // One round is for the compilers.
  await interleave(measures, 1);
  const [ofRunning = [], redisGet = [], ofFinished = [], constant = []] = await interleave(
    measures,
    rounds,
  );
  return [
    compare({
      what: `poll of a running task (${TASKS} in turn)`,
      floor: "one `redis.get`",
      target: 0.8,
      ours: ofRunning,
      theirs: redisGet,
    }),
    compare({
      what: `poll of a finished task (${TASKS} in turn)`,
      floor: "a constant",
      target: 0.6,
      ours: ofFinished,
      theirs: constant,
    }),
  ];
}

/** A task that ended unnoticed would be answered from memory, and flatter the figures. */
async function expectStatus(bed: TestBed, ids: readonly string[], status: string): Promise<void> {
  for (const id of ids) {
    const { body } = await bed.api.get(`/v1/tasks/${id}`).expect(200);
    if (body["status"] !== status) throw new Error(`${id} is ${String(body["status"])}`);
  }
}

function loadOf(
  bed: TestBed,
  worker: "waybill" | "floors",
  requests: readonly Request[],
): Omit<Load, "extent"> {
  return {
    url: bed[worker].url,
    clients: CLIENTS,
    status: 200,
    // Each client begins elsewhere: all of them stepping through one list together would share
    // their look-ups.
    requestsOf: (client) => {
      const start = Math.floor((client * requests.length) / CLIENTS);
      return [...requests.slice(start), ...requests.slice(0, start)];
    },
    workerPid: bed[worker].pid,
    standIns: bed.standIns,
  };
}

function get(path: string, headers: Readonly<Record<string, string>> = {}): Request {
  return { method: "GET", path, headers };
}
