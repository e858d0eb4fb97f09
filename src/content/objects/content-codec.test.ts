import { deserialize, serialize } from "bson";
import { expect, it } from "vitest";
import type { ObjectContent, ObjectRecord } from "./object-store.ts";
import { fromStored, toStored } from "./content-codec.ts";

function object(content: ObjectContent): ObjectRecord {
  const at = new Date(0);
  return {
    _id: "obj_1",
    namespace_id: "ns_1",
    bucket_id: "bkt_1",
    key: "k",
    content,
    metadata: {},
    created_at: at,
    updated_at: at,
  };
}

const contents: ObjectContent[] = [
  { kind: "text", text: "" },
  { kind: "url", url: "https://example.com/" },
  { kind: "json", json: null },
  { kind: "json", json: { "a.b": 1, $c: [1.5, "x", { deep: true }] } },
  { kind: "json", json: { "nul\u0000": 1 } },
  { kind: "json", json: { _bsontype: "ObjectId", id: "x" } },
  { kind: "json", json: { $ref: "a", $id: "b", $db: "c" } },
];

it.each(contents)("an object comes back from BSON as it went in: %j", (content) => {
  const stored = toStored(object(content));
  expect(deserialize(serialize(stored))).toEqual(stored);
  expect(fromStored(stored)).toEqual(object(content));
});
