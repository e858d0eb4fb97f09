import { deserialize, serialize } from "bson";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { TaskReport } from "./external-task.ts";
import { checkStorable } from "./storable.ts";

const Storable = z.record(z.string(), z.unknown()).check(checkStorable);

function paths(schema: z.ZodType, input: unknown) {
  const parsed = schema.safeParse(input);
  return parsed.success ? [] : parsed.error.issues.map((issue) => issue.path.join("/"));
}

/** JSON as it comes from a request, with names that mean something to a database or a language. */
const names = fc.oneof(
  fc.constantFrom("$x", "a.b", "_bsontype", "__proto__", "a\0", "$oid", "_id", "a", "", "toString"),
  fc.string(),
);
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.string(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((one) => !Object.is(one, -0)),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("json"), { maxLength: 3 }),
    fc.dictionary(names, tie("json"), { maxKeys: 3 }),
  ),
}));

function namesIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  const own = Array.isArray(value) ? [] : Object.keys(value);
  return [...own, ...Object.values(value).flatMap(namesIn)];
}

function isBad(name: string): boolean {
  return (
    name.startsWith("$") ||
    name.includes(".") ||
    name.includes("\0") ||
    ["_bsontype", "__proto__"].includes(name)
  );
}

describe("JSON from a caller", () => {
  it("that is taken comes out of BSON as it went in, by names that every server takes", () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = JSON.stringify({ value });
        const parsed = Storable.safeParse(JSON.parse(text));
        expect(parsed.success).toBe(!namesIn(JSON.parse(text)).some(isBad));
        if (!parsed.success) return;
        const stored = deserialize(serialize(parsed.data));
        expect(JSON.stringify(stored)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it.each(["$x", "$", "a.b", ".", "a\0b", "_bsontype"])(
    "with the name %j at any place is refused, and the place is named",
    (name) => {
      expect(paths(Storable, { [name]: 1 })).toEqual([name]);
      expect(paths(Storable, { a: [0, { b: { [name]: "ObjectId" } }] })).toEqual([`a/1/b/${name}`]);
    },
  );

  it("may hold the same as a value, and names that only come near", () => {
    expect(paths(Storable, { a: "$x", b: ["a.b"], a$: 1, bsontype: 1, _id: 1, "": 1 })).toEqual([]);
  });

  it("is refused with a name that would be an object's prototype", () => {
    const input: unknown = JSON.parse('{"a":{"__proto__":{"b":1}}}');
    expect(paths(Storable, input)).toEqual(["a/__proto__"]);
  });

  it("is at most 50 levels deep", () => {
    const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) });
    expect(paths(Storable, deep(50))).toEqual([]);
    expect(paths(Storable, deep(51))).toHaveLength(1);
    const text = `${'{"a":'.repeat(9000)}1${"}".repeat(9000)}`;
    expect(paths(Storable, JSON.parse(text))).toHaveLength(1);
  });
});

describe("an executor's report", () => {
  const error = { code: "c", message: "m" };

  it.each([
    [{ outputs: ["a", { $x: 1 }] }, "outputs/1/$x"],
    [{ status: "FAILED", error: { ...error, details: { "a.b": 1 } } }, "error/details/a.b"],
    [{ additional_data: { list: [{ _bsontype: "Long" }] } }, "additional_data/list/0/_bsontype"],
  ])("is checked wherever it is free: %j", (report, path) => {
    expect(paths(TaskReport, report)).toEqual([path]);
  });
});
