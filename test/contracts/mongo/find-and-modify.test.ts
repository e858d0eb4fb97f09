import { describe, expect, it } from "vitest";
import { useServer } from "./harness.ts";

const bench = useServer();

describe("findAndModify", () => {
  it("answers the document as it was, or as it is now when asked", async () => {
    const rows = await bench.rows({ _id: 1, n: 1 });
    expect(await rows.findOneAndUpdate({ _id: 1 }, { $inc: { n: 1 } })).toEqual({ _id: 1, n: 1 });
    const after = await rows.findOneAndUpdate(
      { _id: 1 },
      { $inc: { n: 1 } },
      { returnDocument: "after" },
    );
    expect(after).toEqual({ _id: 1, n: 3 });
  });

  it("takes the first in the order of its sort", async () => {
    const rows = await bench.rows({ _id: 1, due: 3 }, { _id: 2, due: 1 }, { _id: 3, due: 2 });
    const taken = await rows.findOneAndUpdate(
      { by: null },
      { $set: { by: "w" } },
      { sort: { due: 1 } },
    );
    expect(taken?._id).toBe(2);
    const next = await rows.findOneAndDelete({ by: null }, { sort: { due: 1 } });
    expect(next?._id).toBe(3);
  });

  it("answers the fields of its projection", async () => {
    const rows = await bench.rows({ _id: 1, a: 1, b: 2 });
    const found = await rows.findOneAndUpdate(
      {},
      { $inc: { a: 1 } },
      { projection: { a: 1, _id: 0 } },
    );
    expect(found).toEqual({ a: 1 });
  });

  it("answers null and writes nothing when nothing matches", async () => {
    const rows = await bench.rows();
    expect(await rows.findOneAndUpdate({ _id: 1 }, { $set: { a: 1 } })).toBeNull();
    expect(await rows.countDocuments({})).toBe(0);
  });

  it("tells an upsert from an update in lastErrorObject", async () => {
    const rows = await bench.rows();
    const upsert = () =>
      rows.findOneAndUpdate(
        { _id: "k" },
        { $inc: { n: 1 } },
        { upsert: true, returnDocument: "after", includeResultMetadata: true },
      );
    expect(await upsert()).toMatchObject({
      lastErrorObject: { n: 1, updatedExisting: false, upserted: "k" },
      value: { _id: "k", n: 1 },
    });
    expect(await upsert()).toMatchObject({
      lastErrorObject: { n: 1, updatedExisting: true },
      value: { _id: "k", n: 2 },
    });
  });

  it("replaces and removes", async () => {
    const rows = await bench.rows({ _id: 1, a: 1 });
    const replaced = await rows.findOneAndReplace({ a: 1 }, { b: 2 }, { returnDocument: "after" });
    expect(replaced).toEqual({ _id: 1, b: 2 });
    expect(await rows.findOneAndDelete({ b: 2 })).toEqual({ _id: 1, b: 2 });
    expect(await rows.findOneAndDelete({ b: 2 })).toBeNull();
  });

  it("of many claims of one document exactly one succeeds", async () => {
    const rows = await bench.rows({ _id: 1, state: "free" });
    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, by) =>
        rows.findOneAndUpdate({ state: "free" }, { $set: { state: "taken", by } }),
      ),
    );
    expect(claims.filter((claim) => claim !== null)).toHaveLength(1);
  });

  it.each([
    ["neither update nor remove", {}],
    ["both update and remove", { update: { $set: { a: 1 } }, remove: true }],
    ["remove with new", { remove: true, new: true }],
    ["remove with upsert", { remove: true, upsert: true }],
  ])("%s is refused with code 9", async (_what, fields) => {
    const command = bench
      .client()
      .db("test")
      .command({ findAndModify: "any", query: {}, ...fields });
    await expect(command).rejects.toMatchObject({ code: 9, codeName: "FailedToParse" });
  });
});

describe("delete", () => {
  it("deleteOne removes one match and deleteMany the rest", async () => {
    const rows = await bench.rows({ _id: 1, a: 1 }, { _id: 2, a: 1 }, { _id: 3, a: 1 }, { _id: 4 });
    expect(await rows.deleteOne({ a: 1 })).toMatchObject({ deletedCount: 1 });
    expect(await rows.deleteMany({ a: 1 })).toMatchObject({ deletedCount: 2 });
    expect(await rows.deleteMany({ a: 1 })).toMatchObject({ deletedCount: 0 });
    expect(await rows.find().toArray()).toEqual([{ _id: 4 }]);
  });

  it("a limit other than 0 and 1 is refused with code 9", async () => {
    const command = bench
      .client()
      .db("test")
      .command({ delete: "any", deletes: [{ q: {}, limit: 2 }] });
    await expect(command).resolves.toMatchObject({ writeErrors: [{ code: 9 }] });
  });
});
