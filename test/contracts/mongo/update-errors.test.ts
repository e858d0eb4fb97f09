import type { AnyBulkWriteOperation, Document } from "mongodb";
import { describe, expect, it } from "vitest";
import { useServer } from "./harness.ts";
import type { Row } from "./harness.ts";

const bench = useServer();

const BEFORE = { _id: 1, text: "x", n: 1, list: [1], doc: { a: 1 } };

const REFUSALS: [what: string, update: Document, code: number, message: RegExp][] = [
  [
    "$inc of a string",
    { $inc: { text: 1 } },
    14,
    /Cannot apply \$inc to a value of non-numeric type. \{_id: 1\} has the field 'text' of non-numeric type string/,
  ],
  [
    "$inc by a string",
    { $inc: { n: "1" } },
    14,
    /Cannot increment with non-numeric argument: \{n: "1"\}/,
  ],
  ["$mul of null", { $mul: { "doc.a": null } }, 14, /Cannot multiply/],
  ["changing _id", { $set: { _id: 2 } }, 66, /immutable field '_id'/],
  ["an unknown operator", { $foo: { a: 1 } }, 9, /Unknown modifier: \$foo/],
  ["an operator without fields", { $set: 5 }, 9, /Modifiers operate on fields/],
  [
    "two operators on one path",
    { $set: { n: 1 }, $inc: { n: 1 } },
    40,
    /Updating the path 'n' would create a conflict at 'n'/,
  ],
  [
    "a path and its parent",
    { $set: { doc: {}, "doc.a": 1 } },
    40,
    /would create a conflict at 'doc'/,
  ],
  [
    "a field inside a scalar",
    { $set: { "n.x": 1 } },
    28,
    /Cannot create field 'x' in element \{n: 1\}/,
  ],
  [
    "a named field inside an array",
    { $set: { "list.x": 1 } },
    28,
    /Cannot create field 'x' in element \{list: \[ 1 \]\}/,
  ],
  ["$push to a string", { $push: { text: 1 } }, 2, /must be an array but is of type string/],
  [
    "$push with an unknown clause",
    { $push: { list: { $each: [1], $foo: 1 } } },
    2,
    /Unrecognized clause in \$push/,
  ],
  ["$addToSet to a number", { $addToSet: { n: 1 } }, 2, /non-array type int/],
  [
    "$addToSet with a modifier of $push",
    { $addToSet: { list: { $each: [2], $slice: 1 } } },
    2,
    /unexpected fields after \$each/,
  ],
  ["$pull from a number", { $pull: { n: 1 } }, 2, /Cannot apply \$pull to a non-array value/],
  ["$pullAll without an array", { $pullAll: { list: 1 } }, 2, /requires an array argument/],
  ["$pop by 2", { $pop: { list: 2 } }, 9, /\$pop expects 1 or -1, found: 2/],
  [
    "$pop from a string",
    { $pop: { text: 1 } },
    14,
    /contains an element of non-array type 'string'/,
  ],
  [
    "$ without an array in the filter",
    { $set: { "list.$": 1 } },
    2,
    /did not find the match needed/,
  ],
  [
    "$[name] without a filter of that name",
    { $set: { "list.$[x]": 1 } },
    2,
    /No array filter found for identifier 'x'/,
  ],
  [
    "$[] of a scalar",
    { $set: { "n.$[]": 1 } },
    2,
    /Cannot apply array updates to non-array element n: 1/,
  ],
  ["$rename to itself", { $rename: { n: "n" } }, 2, /must differ/],
  ["a field that begins with a dollar", { $set: { "doc.$x": 1 } }, 52, /dollar/],
  ["an empty part of a path", { $set: { "a..b": 1 } }, 56, /empty field name/],
  ["$bit of a string", { $bit: { text: { and: 1 } } }, 2, /non-integral type/],
  ["$bit by a fraction", { $bit: { n: { and: 1.5 } } }, 2, /must be an Integer/],
  ["$bit with an unknown operation", { $bit: { n: { nand: 1 } } }, 2, /only supports 'and'/],
];

describe("a refused update", () => {
  it.each(REFUSALS)(
    "%s: its code, its message, and nothing changed",
    async (_what, update, code, message) => {
      const rows = await bench.rows(BEFORE);
      const attempt = rows.updateOne({ _id: 1 }, update);
      await expect(attempt).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message),
      });
      expect(await rows.find().toArray()).toEqual([BEFORE]);
    },
  );

  it("an unused array filter is a mistake", async () => {
    const rows = await bench.rows(BEFORE);
    const attempt = rows.updateOne(
      { _id: 1 },
      { $set: { n: 2 } },
      { arrayFilters: [{ "x.a": 1 }] },
    );
    await expect(attempt).rejects.toMatchObject({ code: 9 });
  });

  it("a pipeline is refused", async () => {
    const rows = await bench.rows(BEFORE);
    await expect(rows.updateOne({}, [{ $set: { n: 2 } }])).rejects.toMatchObject({ code: 238 });
  });

  it("a replacement with another _id is refused with code 66", async () => {
    const rows = await bench.rows(BEFORE);
    const attempt = rows.replaceOne({ n: 1 }, { _id: 2 });
    await expect(attempt).rejects.toMatchObject({ code: 66 });
  });

  it("a replacement of many is refused with code 9", async () => {
    const command = bench
      .client()
      .db("test")
      .command({ update: "any", updates: [{ q: {}, u: { a: 1 }, multi: true }] });
    await expect(command).resolves.toMatchObject({ writeErrors: [{ index: 0, code: 9 }] });
  });

  it("an ordered batch stops at it, an unordered one goes on", async () => {
    const rows = await bench.rows(BEFORE, { _id: 2, n: 1 });
    const operations: AnyBulkWriteOperation<Row>[] = [
      { updateOne: { filter: { _id: 1 }, update: { $inc: { text: 1 } } } },
      { updateOne: { filter: { _id: 2 }, update: { $inc: { n: 1 } } } },
    ];
    await expect(rows.bulkWrite(operations)).rejects.toMatchObject({ code: 14 });
    expect((await rows.findOne({ _id: 2 }))?.["n"]).toBe(1);
    await expect(rows.bulkWrite(operations, { ordered: false })).rejects.toMatchObject({
      code: 14,
    });
    expect((await rows.findOne({ _id: 2 }))?.["n"]).toBe(2);
  });
});
