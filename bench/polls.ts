import type { Request } from "autocannon";
import { killAll, makeBucket, makeDrafts, submitAll } from "./fixtures.ts";
import { interleave } from "./interleave.ts";
import { type Load, run, type Sample } from "./load.ts";
import { type Comparison, compare } from "./report.ts";
import type { TestBed } from "./test-bed.ts";

const CLIENTS = 64;

/** Different tasks: more than clients, so that no two polls of one task are under way at once. */
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

  const poll = (ids: readonly string[]) => ids.map((id) => get(`/v1/tasks/${id}`, bed.headers));
  const { namespace_id: namespaceId } = (await bed.api.get(`/v1/tasks/${running[0]}`)).body;
  const copies = running.map((id) => get(`/redis-get/waybill:task:${String(namespaceId)}:${id}`));
  const one = running.slice(0, 1);
  const loads = {
    running: loadOf(bed, "waybill", poll(running)),
    redisGet: loadOf(bed, "floors", copies),
    runningOne: loadOf(bed, "waybill", poll(one)),
    finished: loadOf(bed, "waybill", poll(finished)),
    constant: loadOf(bed, "floors", [get("/constant")]),
  };
  const side = <Name extends keyof typeof loads>(name: Name) => ({
    name,
    measure: (): Promise<Sample> => run({ ...loads[name], extent: { seconds } }),
  });
  const names = ["running", "redisGet", "runningOne", "finished", "constant"] as const;
  const sides = names.map(side);
  // One round is for the compilers.
  await interleave(sides, 1);
  const samples = await interleave(sides, rounds);
  return [
    compare(
      `poll of a running task (${TASKS} different ones)`,
      "one `redis.get`",
      0.8,
      samples.running,
      samples.redisGet,
    ),
    compare(
      "poll of a running task (all of the same one)",
      "one `redis.get`",
      null,
      samples.runningOne,
      samples.redisGet,
    ),
    compare(
      `poll of a finished task (${TASKS} different ones)`,
      "a constant",
      0.6,
      samples.finished,
      samples.constant,
    ),
  ];
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
    standInsPid: bed.standInsPid,
  };
}

function get(path: string, headers: Readonly<Record<string, string>> = {}): Request {
  return { method: "GET", path, headers };
}
