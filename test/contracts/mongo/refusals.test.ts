/**
 * Mistakes that the official driver lets through, with MongoDB's code, name and words for each.
 * Source: https://github.com/mongodb/mongo/tree/v8.0/src/mongo/db
 */
import type { UpdateFilter } from "mongodb";
import { describe, expect, it } from "vitest";
import { refusal, useServer } from "./harness.ts";
import type { Refusal, Row } from "./harness.ts";

const bench = useServer();

describe("a filter", () => {
  it.each([
    [{ a: { $type: [] } }, [9, "FailedToParse", "a must match at least one type"]],
    [{ "a.b": { $not: { $type: [] } } }, [9, "FailedToParse", "a.b must match at least one type"]],
    [{ a: { $ref: "c" } }, [2, "BadValue", "unknown operator: $ref"]],
    [{ a: { $id: 1, x: 2 } }, [2, "BadValue", "unknown operator: $id"]],
  ] as const)("%o is refused", async (filter, words) => {
    expect(await bench.failureOf({ find: "none", filter })).toMatchObject(refusal(words));
  });

  it("may look for a DBRef, and for one field of a DBRef's kind in an array", async () => {
    const reference = { $ref: "c", $id: 7 };
    const rows = await bench.rows({ _id: 1, a: reference }, { _id: 2, a: [{ $ref: "c", x: 1 }] });
    expect(await rows.countDocuments({ a: reference })).toBe(1);
    expect(await rows.countDocuments({ a: { $elemMatch: { $ref: "c", x: 1 } } })).toBe(1);
    expect(await rows.countDocuments({ a: { $elemMatch: { $ref: "d", x: 1 } } })).toBe(0);
  });
});

describe("a DBRef's field outside a DBRef", () => {
  it.each(["$ref", "$id", "$db"])("%s is no field of an inserted document", async (name) => {
    const reply = await bench
      .client()
      .db("test")
      .command({ insert: "none", documents: [{ _id: 1, [name]: "x" }] });
    expect(reply["writeErrors"]).toMatchObject([
      {
        code: 2,
        errmsg: `${name} is a reserved fieldName and cannot be used. Please try another field name.`,
      },
    ]);
  });

  it.each([
    ["$ref", "The DBRef $ref field must be followed by a $id field"],
    ["$id", "Found $id field without a $ref before it, which is invalid."],
    ["$db", "Found $db field without a $id before it, which is invalid."],
  ])("%s is no field that an update sets", async (name, message) => {
    const rows = await bench.rows({ _id: 1 });
    const attempt = rows.updateOne({ _id: 1 }, { $set: { [name]: "x" } });
    await expect(attempt).rejects.toMatchObject({ code: 55, message });
    const replacement = rows.replaceOne({ _id: 1 }, { a: 1, [name]: "x" });
    await expect(replacement).rejects.toMatchObject({ code: 55, message });
  });
});

describe("$rename", () => {
  const document = { _id: 1, n: 1, text: "x", list: [{ a: 1 }], doc: { a: 1 } };
  const RENAMES: (readonly [UpdateFilter<Row>, code: number, message: string])[] = [
    [
      { $rename: { "n.a": "to" } },
      28,
      "cannot use the part (n of n.a) to traverse the element ({n: 1})",
    ],
    [
      { $rename: { "doc.a.b.c": "to" } },
      28,
      "cannot use the part (a of doc.a.b.c) to traverse the element ({a: 1})",
    ],
    [
      { $rename: { "list.a": "to" } },
      28,
      "cannot use the part (list of list.a) to traverse the element ({list: [ { a: 1 } ]})",
    ],
    [
      { $rename: { "list.0.a": "to" } },
      2,
      "The source field cannot be an array element, 'list.0.a' in doc with _id: 1 has an array field called 'list'",
    ],
    [
      { $rename: { n: "list.0" } },
      2,
      "The destination field cannot be an array element, 'list.0' in doc with _id: 1 has an array field called 'list'",
    ],
    [{ $rename: { n: "text.a" } }, 28, "Cannot create field 'a' in element {text: \"x\"}"],
  ];

  it.each(RENAMES)("%o is refused and changes nothing", async (update, code, message) => {
    const rows = await bench.rows(document);
    await expect(rows.updateOne({ _id: 1 }, update)).rejects.toMatchObject({ code, message });
    expect(await rows.findOne()).toEqual(document);
  });

  it.each(["none", "doc.none.deeper", "list.5.a"])(
    "of %s, which is missing, is none",
    async (from) => {
      const rows = await bench.rows(document);
      const result = await rows.updateOne({ _id: 1 }, { $rename: { [from]: "to" } });
      expect(result).toMatchObject({ matchedCount: 1, modifiedCount: 0 });
    },
  );
});

describe("a collection of the system", () => {
  const name = "system.any";
  const words: Refusal = [73, "InvalidNamespace", "Invalid system namespace: test.system.any"];

  it.each([
    { insert: name, documents: [{ _id: 1 }] },
    { update: name, updates: [{ q: {}, u: { $set: { a: 1 } } }] },
    { delete: name, deletes: [{ q: {}, limit: 0 }] },
    { findAndModify: name, remove: true },
    { createIndexes: name, indexes: [{ key: { a: 1 }, name: "a_1" }] },
    { create: name },
  ])("%o is refused as a whole", async (command) => {
    expect(await bench.failureOf(command)).toMatchObject(refusal(words));
  });

  it.each(["system.profile", "system.views"])("%s cannot be written to", async (system) => {
    expect(await bench.failureOf({ insert: system, documents: [{ _id: 1 }] })).toMatchObject(
      refusal([73, "InvalidNamespace", `cannot write to test.${system}`]),
    );
  });

  it("system.js, which MongoDB has, is not built", async () => {
    expect(await bench.failureOf({ insert: "system.js", documents: [{ _id: "f" }] })).toMatchObject(
      {
        code: 238,
      },
    );
  });

  it("may be read, and is empty", async () => {
    expect(await bench.client().db("test").collection(name).countDocuments({})).toBe(0);
  });
});

describe("what MongoDB has and this server lacks is refused by name", () => {
  it("an update of the first by a sort", async () => {
    const updates = [{ q: {}, u: { $set: { a: 1 } }, sort: { a: 1 } }];
    const reply = await bench.client().db("test").command({ update: "none", updates });
    expect(reply["writeErrors"]).toMatchObject([
      { code: 238, errmsg: "'sort' of update.updates is not supported by this stand-in" },
    ]);
  });

  it("an aggregation over a database", async () => {
    const command = { aggregate: 1, pipeline: [{ $currentOp: {} }], cursor: {} };
    expect(await bench.failureOf(command, "admin")).toMatchObject(
      refusal([
        238,
        "NotImplemented",
        "Aggregation over a whole database is not supported by this stand-in",
      ]),
    );
  });
});
