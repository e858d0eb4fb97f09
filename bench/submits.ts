import { makeBucket, makeDrafts } from "./fixtures.ts";
import { interleave } from "./interleave.ts";
import { run } from "./load.ts";
import { type Comparison, compare } from "./report.ts";
import type { TestBed } from "./test-bed.ts";

const CLIENTS = 32;

/** Submits of fresh batches beside single inserts. */
export async function measureSubmits(
  bed: TestBed,
  rounds: number,
  perClient: number,
): Promise<Comparison> {
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
  const inserts = () =>
    run({
      ...common,
      url: bed.floors.url,
      workerPid: bed.floors.pid,
      requestsOf: () => [{ method: "POST", path: "/insert" }],
    });
  await interleave([submits, inserts], 1);
  const [ours = [], theirs = []] = await interleave([submits, inserts], rounds);
  return compare({
    what: "submit of a batch",
    floor: "one insert through a Durable Object",
    target: 0.5,
    ours,
    theirs,
  });
}
