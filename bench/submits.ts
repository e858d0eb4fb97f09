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
    standInsPid: bed.standInsPid,
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
  const sides = [
    { name: "submits", measure: submits },
    { name: "inserts", measure: inserts },
  ] as const;
  await interleave(sides, 1);
  const samples = await interleave(sides, rounds);
  return compare(
    "submit of a batch",
    "one insert through a Durable Object",
    0.5,
    samples.submits,
    samples.inserts,
  );
}
