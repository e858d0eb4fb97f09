import { ObjectId } from "mongodb";
import type { Filter } from "mongodb";
import { describe, expect, it } from "vitest";
import { ARRAY_CASES } from "./query-arrays.ts";
import { VALUE_CASES } from "./query-values.ts";
import { idsOf, useServer } from "./harness.ts";
import type { Row } from "./harness.ts";

const bench = useServer();
const CASES = [...VALUE_CASES, ...ARRAY_CASES];

describe("filters", () => {
  it.each(CASES)("%s", async (_rule, documents, filter, ids) => {
    const rows = await bench.rows(...documents);
    expect(idsOf(await rows.find(filter).sort({ _id: 1 }).toArray())).toEqual(ids);
  });

  it.each(CASES)("%s (the same through an index)", async (_rule, documents, filter, ids) => {
    const rows = await bench.rows(...documents);
    await rows.createIndexes([{ key: { a: 1 } }, { key: { "a.b": -1 } }, { key: { at: 1 } }]);
    expect(idsOf(await rows.find(filter).sort({ _id: 1 }).toArray())).toEqual(ids);
  });

  it("an ObjectId of a filter finds the document by value", async () => {
    const id = new ObjectId();
    const rows = await bench.rows({ _id: id, a: 1 });
    expect(await rows.findOne({ _id: new ObjectId(id.toHexString()) })).toEqual({ _id: id, a: 1 });
  });

  const REFUSALS: [string, Filter<Row>, number][] = [
    ["an unknown operator", { a: { $foo: 1 } }, 2],
    ["an unknown operator at the top", { $foo: [] }, 2],
    ["an empty $or", { $or: [] }, 2],
    ["$in without an array", { a: { $in: 5 } }, 2],
    ["$size with a fraction", { a: { $size: 1.5 } }, 2],
    ["$mod by zero", { a: { $mod: [0, 1] } }, 2],
    ["$regex with an unknown flag", { a: { $regex: "x", $options: "q" } }, 2],
    ["$where, which is not built", { $where: "true" }, 238],
    ["$near, which is not built", { a: { $near: [0, 0] } }, 238],
  ];

  it.each(REFUSALS)("%s is refused, on an empty collection too", async (_name, filter, code) => {
    const rows = await bench.rows();
    await expect(rows.findOne(filter)).rejects.toMatchObject({ code });
  });
});
