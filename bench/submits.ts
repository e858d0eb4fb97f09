import { makeBucket, makeDrafts } from "./fixtures.ts";
import { interleave } from "./interleave.ts";
import { run } from "./load.ts";
import { type Comparison, compare } from "./report.ts";
import type { TestBed } from "./test-bed.ts";

const CLIENTS = 32;

/** Submits of fresh batches beside single inserts, and beside the calls that each submit makes. */
export async function measureSubmits(
  bed: TestBed,
  rounds: number,
  perClient: number,
): Promise<Comparison[]> {
  const amount = CLIENTS * perClient;
  const bucket = await makeBucket(bed.api, "submits", ["One short text."]);
  // One round more than is counted, for the compilers.
  const drafts = await makeDrafts(bed.api, bucket, amount * (rounds + 1));
  const common = {
    clients: CLIENTS,
    status: 202,
    extent: { amount },
    standIns: bed.standIns,
  };
  const headers = { ...bed.headers, "Content-Type": "application/json" };
  const submits = () => {
    const own = drafts.splice(0, amount);
    return run({
      ...common,
      url: bed.waybill.url,
      workerPid: bed.waybill.pid,
      requestsOf: (client) =>
        own
          .slice(client * perClient, (client + 1) * perClient)
          .map((path) => ({ method: "POST", path: `${path}/submit`, headers, body: "{}" })),
    });
  };
  const floor = (path: string) => () =>
    run({
      ...common,
      url: bed.floors.url,
      workerPid: bed.floors.pid,
      requestsOf: () => [{ method: "POST", path }],
    });
  const measures = [submits, floor("/insert"), floor("/five-calls")];
  await interleave(measures, 1);
  const [ours = [], inserts = [], fiveCalls = []] = await interleave(measures, rounds);
  const what = "submit of a batch";
  return [
    compare({
      what,
      floor: "one insert through a Durable Object",
      target: 0.5,
      ours,
      theirs: inserts,
    }),
    compare({
      what,
      floor: "a submit's five calls and nothing else",
      target: null,
      ours,
      theirs: fiveCalls,
    }),
  ];
}
