/** One hundred thousand documents, loaded once: what a query looks at is counted, not timed. */
import { beforeAll, describe, expect, it } from "vitest";
import type { Collection } from "mongodb";
import { idsOf, useServer } from "./harness.ts";
import type { Row } from "./harness.ts";

const bench = useServer();
const COUNT = 100_000;
const BATCH = 5_000;
const NAMESPACES = 20;
const PAGE = 50;

const idOf = (i: number): string => `tsk_${String(i).padStart(8, "0")}`;
/** Two documents to a moment, out of insertion order. */
const createdAt = (i: number): Date => new Date(1_700_000_000_000 + ((i * 7_919) % (COUNT / 2)));

let rows: Collection<Row>;

beforeAll(async () => {
  rows = await bench.rows();
  await rows.createIndexes([
    { key: { namespace_id: 1, created_at: -1, _id: -1 } },
    { key: { namespace_id: 1, idempotency_key: 1 }, unique: true },
    { key: { status: 1, due_at: 1 } },
    { key: { tags: 1 } },
    { key: { "webhook.endpoint_id": 1 } },
  ]);
  for (let start = 0; start < COUNT; start += BATCH) {
    await rows.insertMany(
      Array.from({ length: BATCH }, (_, offset) => {
        const i = start + offset;
        return {
          _id: idOf(i),
          namespace_id: `ns_${i % NAMESPACES}`,
          created_at: createdAt(i),
          idempotency_key: `key_${i}`,
          status: i % 1_000 === 0 ? "PENDING" : "COMPLETED",
          due_at: new Date(i),
          tags: [`t${i % 500}`, `u${i}`],
          webhook: { endpoint_id: `e_${i}` },
        };
      }),
    );
  }
});

async function examinedBy(
  run: () => Promise<unknown>,
): Promise<{ documents: number; keys: number }> {
  bench.server().resetExamined();
  await run();
  return bench.server().examined();
}

describe("among 100,000 documents", () => {
  it.each([
    ["_id", { _id: idOf(77_777) }],
    ["a compound unique index", { namespace_id: "ns_17", idempotency_key: "key_77777" }],
    ["an element of an array", { tags: "u77777" }],
    ["a field of an embedded document", { "webhook.endpoint_id": "e_77777" }],
  ])("a look-up of one by %s examines one", async (_name, filter) => {
    let found: Row | null = null;
    const examined = await examinedBy(async () => {
      found = await rows.findOne(filter);
    });
    expect(found).toMatchObject({ _id: idOf(77_777) });
    expect(examined).toEqual({ documents: 1, keys: 1 });
  });

  it("a look-up that finds nothing examines nothing", async () => {
    const examined = await examinedBy(() => rows.findOne({ tags: "absent" }));
    expect(examined).toEqual({ documents: 0, keys: 0 });
  });

  it("$in of three ids examines three", async () => {
    const ids = [idOf(5), idOf(50_000), idOf(99_999)];
    const examined = await examinedBy(() => rows.find({ _id: { $in: ids } }).toArray());
    expect(examined).toEqual({ documents: 3, keys: 3 });
  });

  it("a range behind an equality examines what it holds", async () => {
    const filter = { status: "PENDING", due_at: { $gte: new Date(10_000), $lt: new Date(20_000) } };
    const examined = await examinedBy(() => rows.find(filter).toArray());
    expect(examined).toEqual({ documents: 10, keys: 10 });
  });

  it("the ten first that are due come sorted from the index, and no more are looked at", async () => {
    const filter = {
      status: { $in: ["PENDING", "PROCESSING"] },
      due_at: { $lte: new Date(COUNT) },
    };
    const examined = await examinedBy(async () => {
      const due = await rows.find(filter).sort({ due_at: 1 }).limit(10).toArray();
      expect(idsOf(due)).toEqual(Array.from({ length: 10 }, (_, i) => idOf(i * 1_000)));
    });
    expect(examined.documents).toBe(10);
  });

  it("every page of a keyset pagination examines about a page, and the pages are complete", async () => {
    const seen: unknown[] = [];
    let last: Row | undefined;
    const total = COUNT / NAMESPACES;
    while (seen.length < total) {
      const after =
        last === undefined
          ? {}
          : {
              $or: [
                { created_at: { $lt: last["created_at"] } },
                { created_at: last["created_at"], _id: { $lt: last._id } },
              ],
            };
      let page: Row[] = [];
      const examined = await examinedBy(async () => {
        const cursor = rows.find({ namespace_id: "ns_3", ...after });
        page = await cursor.sort({ created_at: -1, _id: -1 }).limit(PAGE).toArray();
      });
      expect(page).toHaveLength(PAGE);
      expect(examined.documents).toBe(PAGE);
      expect(examined.keys).toBeLessThanOrEqual(PAGE + 1);
      seen.push(...idsOf(page));
      last = page.at(-1);
    }
    const all = Array.from({ length: COUNT }, (_, i) => i).filter((i) => i % NAMESPACES === 3);
    const order = all.toSorted((a, b) => createdAt(b).getTime() - createdAt(a).getTime() || b - a);
    expect(seen).toEqual(order.map(idOf));
  });

  it("a conditional update examines one", async () => {
    const examined = await examinedBy(() =>
      rows.updateOne({ _id: idOf(1), status: "COMPLETED" }, { $set: { touched: true } }),
    );
    expect(examined).toEqual({ documents: 1, keys: 1 });
  });

  it("each branch of an $or goes through its own index", async () => {
    const filter = { $or: [{ tags: "u5" }, { "webhook.endpoint_id": "e_6" }] };
    const examined = await examinedBy(() => rows.find(filter).toArray());
    expect(examined).toEqual({ documents: 2, keys: 2 });
  });

  it("explain shows the index and the counts, and does not count itself", async () => {
    const examined = await examinedBy(async () => {
      const plan = await rows.find({ tags: "u5" }).explain("executionStats");
      expect(plan).toMatchObject({
        queryPlanner: { winningPlan: { inputStage: { stage: "IXSCAN", indexName: "tags_1" } } },
        executionStats: { nReturned: 1, totalKeysExamined: 1, totalDocsExamined: 1 },
      });
    });
    expect(examined.documents).toBe(0);
  });

  it("explain shows a scan for what it is", async () => {
    const plan = await rows.find({ absent: 1 }).explain("executionStats");
    expect(plan).toMatchObject({
      queryPlanner: { winningPlan: { stage: "COLLSCAN" } },
      executionStats: { nReturned: 0, totalKeysExamined: 0, totalDocsExamined: COUNT },
    });
  });
});
