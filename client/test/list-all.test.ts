import { describe, expect, it } from "vitest";
import { UnexpectedAnswerError } from "../src/errors.ts";
import { answer, collect, cut, errorOf, fakeWorld } from "./support/fake.ts";

const pageOf = (ids: string[], next: string | null) =>
  answer(200, {
    results: ids.map((id) => ({ bucket_id: id })),
    pagination: { next_cursor: next },
  });

describe("all rows of a list", () => {
  it("come page by page, with the filter on each", async () => {
    const { client, got } = fakeWorld([
      pageOf(["a", "b"], "c1"),
      pageOf([], "c2"),
      pageOf(["c"], null),
    ]);
    const ids = [];
    for await (const bucket of client.buckets.listAll({ name: ["x"] })) ids.push(bucket.bucket_id);
    expect(ids).toEqual(["a", "b", "c"]);
    expect(got.map(({ body }) => body)).toEqual([
      { name: ["x"] },
      { name: ["x"], cursor: "c1" },
      { name: ["x"], cursor: "c2" },
    ]);
  });

  it("are not asked for before they are wanted, nor after the caller has enough", async () => {
    const { client, got } = fakeWorld([pageOf(["a", "b"], "c1")]);
    const rows = client.batches.listAll("bkt_1");
    expect(got).toHaveLength(0);
    for await (const _ of rows) break;
    expect(got.map(({ path }) => path)).toEqual(["/v1/buckets/bkt_1/batches/list"]);
  });

  it("survive a page that had to be asked for twice", async () => {
    const { client } = fakeWorld([pageOf(["a"], "c1"), cut, pageOf(["b"], null)]);
    expect(await collect(client.buckets.listAll())).toHaveLength(2);
  });

  it("end with an error when the cursor doesn't move on", async () => {
    const { client, got } = fakeWorld([pageOf(["a"], "c1")]);
    const error = await errorOf(collect(client.buckets.listAll()));
    expect(error).toBeInstanceOf(UnexpectedAnswerError);
    expect(got).toHaveLength(2);
  });
});
