/**
 * Mistakes in pipelines that the official driver lets through, with MongoDB's code, name and words for each.
 * Source: https://github.com/mongodb/mongo/tree/v8.0/src/mongo/db
 */
import { ObjectId } from "mongodb";
import type { Document } from "mongodb";
import { describe, expect, it } from "vitest";
import { located, refusal, useServer } from "./harness.ts";
import type { Refusal } from "./harness.ts";

const bench = useServer();

const aggregate = (...pipeline: Document[]): Document => ({
  aggregate: "none",
  pipeline,
  cursor: {},
});

const HINT = "Consider using $getField or $setField.";
const ENDS_IN_DOT = "FieldPath must not end with a '.'.";
const EMPTY_NAME = "FieldPath field names may not be empty strings.";

const conversion = (message: string): Refusal => [241, "ConversionFailure", message];

describe("a field path that is none", () => {
  const PATHS: (readonly [path: string, expected: Refusal])[] = [
    ["$", located(16872, "'$' by itself is not a valid FieldPath")],
    ["$a.", located(40353, ENDS_IN_DOT)],
    ["$.", located(40353, ENDS_IN_DOT)],
    ["$x..1", located(15998, EMPTY_NAME)],
    ["$.a", located(15998, EMPTY_NAME)],
    ["$a.$b", located(16410, `FieldPath field names may not start with '$'. ${HINT}`)],
    ["$$", [9, "FailedToParse", "empty variable names are not allowed"]],
    ["$$$", [9, "FailedToParse", "'$' starts with an invalid character for a user variable name"]],
    ["$$nobody.", located(17276, "Use of undefined variable: nobody")],
    ["$$ROOT.", located(40353, ENDS_IN_DOT)],
  ];

  it.each(PATHS)("%s is refused in an expression, by $expr and by a stage", async (path, words) => {
    const [code, codeName, message] = words;
    expect(await bench.failureOf(aggregate({ $match: { $expr: path } }))).toMatchObject(
      refusal(words),
    );
    expect(await bench.failureOf(aggregate({ $group: { _id: path } }))).toMatchObject(
      refusal(words),
    );
    for (const stage of ["$project", "$addFields", "$set"]) {
      expect(await bench.failureOf(aggregate({ [stage]: { x: path } }))).toMatchObject(
        refusal([code, codeName, `Invalid ${stage} :: caused by :: ${message}`]),
      );
    }
  });

  it.each([
    ["a $sort", aggregate({ $sort: { "a.": 1 } }), located(40353, ENDS_IN_DOT)],
    ["a find's sort", { find: "none", sort: { "x..1": 1 } }, located(15998, EMPTY_NAME)],
    ["a find's projection", { find: "none", projection: { "a.": 1 } }, located(40353, ENDS_IN_DOT)],
    ["an $unwind", aggregate({ $unwind: "$a." }), located(40353, ENDS_IN_DOT)],
    [
      "a field of a document in an expression",
      aggregate({ $group: { _id: { "a.b": 1 } } }),
      located(16412, `FieldPath field names may not contain '.'. ${HINT}`),
    ],
  ] as const)("is refused as %s", async (_what, command, words) => {
    expect(await bench.failureOf(command)).toMatchObject(refusal(words));
  });

  it("but the fields of a DBRef have names with a dollar", async () => {
    const rows = await bench.rows({ _id: 1 });
    expect(await rows.aggregate([{ $project: { x: "$a.$id" } }]).toArray()).toEqual([{ _id: 1 }]);
  });
});

describe("a stage that is none", () => {
  const NO_PATH = "path option to $unwind stage should be prefixed with a '$': a";
  const STAGES: (readonly [stage: Document, expected: Refusal])[] = [
    [{ $unset: {} }, located(31002, "$unset specification must be a string or an array")],
    [
      { $unset: [] },
      located(31119, "$unset specification must be a string or an array with at least one field"),
    ],
    [
      { $unset: ["a", 1] },
      located(
        31120,
        "$unset specification must be a string or an array containing only string values",
      ),
    ],
    [
      { $unset: "" },
      located(
        40352,
        "Invalid $unset :: caused by :: FieldPath cannot be constructed with empty string",
      ),
    ],
    [{ $unset: "v." }, located(40353, `Invalid $unset :: caused by :: ${ENDS_IN_DOT}`)],
    [{ $unset: "v..w" }, located(15998, `Invalid $unset :: caused by :: ${EMPTY_NAME}`)],
    [{ $set: 1 }, located(40272, "$set specification stage must be an object, got int")],
    [{ $unwind: "a" }, located(28818, NO_PATH)],
    [{ $unwind: { path: "" } }, located(28812, "no path specified to $unwind stage")],
    [
      { $unwind: 1 },
      located(
        15981,
        "expected either a string or an object as specification for $unwind stage, got int",
      ),
    ],
    [
      { $unwind: { path: 1 } },
      located(28808, "expected a string as the path for $unwind stage, got int"),
    ],
    [
      { $unwind: { path: "$a", includeArrayIndex: "" } },
      located(
        28810,
        "expected a non-empty string for the includeArrayIndex  option to $unwind stage, got string",
      ),
    ],
    [
      { $unwind: { path: "$a", includeArrayIndex: "$i" } },
      located(
        28822,
        "includeArrayIndex option to $unwind stage should not be prefixed with a '$': $i",
      ),
    ],
    [{ $unwind: { path: "$a", includeArrayIndex: "i." } }, located(40353, ENDS_IN_DOT)],
    [
      { $unwind: { path: "$a", preserveNullAndEmptyArrays: 1 } },
      located(
        28809,
        "expected a boolean for the preserveNullAndEmptyArrays option to $unwind stage, got int",
      ),
    ],
  ];

  it.each(STAGES)("%o is refused", async (stage, words) => {
    expect(await bench.failureOf(aggregate(stage))).toMatchObject(refusal(words));
  });
});

describe("$toObjectId", () => {
  it("makes an ObjectId of 24 hex digits, leaves one alone, and gives null for nothing", async () => {
    const id = new ObjectId();
    const rows = await bench.rows({ _id: 1, text: id.toHexString(), id, nothing: null });
    const $project = {
      _id: 0,
      text: { $toObjectId: "$text" },
      id: { $toObjectId: ["$id"] },
      nothing: { $toObjectId: "$nothing" },
      missing: { $toObjectId: "$missing" },
    };
    expect(await rows.aggregate([{ $project }]).toArray()).toEqual([
      { text: id, id, nothing: null, missing: null },
    ]);
  });

  const FAILURES: (readonly [value: unknown, expected: Refusal])[] = [
    [
      "abc",
      conversion(
        "Failed to parse objectId 'abc' in $convert with no onError value: Invalid string length for parsing to OID, expected 24 but found 3",
      ),
    ],
    [
      "zzzzzzzzzzzzzzzzzzzzzzzz",
      conversion(
        "Failed to parse objectId 'zzzzzzzzzzzzzzzzzzzzzzzz' in $convert with no onError value: Invalid character found in hex string: z",
      ),
    ],
    [
      1.5,
      conversion(
        "Unsupported conversion from double to objectId in $convert with no onError value",
      ),
    ],
    [
      true,
      conversion("Unsupported conversion from bool to objectId in $convert with no onError value"),
    ],
  ];

  it.each(FAILURES)("of %o is a failed conversion", async (value, [code, codeName, words]) => {
    const rows = await bench.rows({ _id: 1, value });
    const attempt = rows.aggregate([{ $project: { x: { $toObjectId: "$value" } } }]).toArray();
    await expect(attempt).rejects.toMatchObject({
      code,
      codeName,
      message: expect.stringContaining(words),
    });
  });

  it("takes one argument", async () => {
    expect(
      await bench.failureOf(aggregate({ $match: { $expr: { $toObjectId: ["$a", "$b"] } } })),
    ).toMatchObject(refusal(located(50723, "$toObjectId requires a single argument, got 2")));
  });
});
