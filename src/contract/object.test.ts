import { describe, expect, it } from "vitest";
import { Content, CreateObjectRequest, MAX_JSON_DEPTH, ObjectKey } from "./object.ts";

function messages(schema: { safeParse: typeof Content.safeParse }, input: unknown) {
  const parsed = schema.safeParse(input);
  return parsed.success ? [] : parsed.error.issues.map((issue) => issue.message);
}

function nested(levels: number): unknown {
  return JSON.parse("[".repeat(levels) + "0" + "]".repeat(levels));
}

describe("an object's content", () => {
  it.each([{ text: "" }, { json: null }, { json: { a: [1] } }, { url: "http://localhost:8080/a" }])(
    "is one of text, JSON and URL: %j",
    (content) => {
      expect(Content.parse(content)).toEqual(content);
    },
  );

  it.each([{}, { text: "a", json: 1 }, { text: "a", url: "https://example.com" }])(
    "is exactly one of them, not %j",
    (content) => {
      expect(messages(Content, content)).toEqual([
        'expected exactly one of "text", "json" and "url"',
      ]);
    },
  );

  it.each(["ftp://example.com/a", "example.com", "javascript:alert(1)", ""])(
    "accepts only http and https URLs, not %j",
    (url) => {
      expect(messages(Content, { url })).toEqual(["expected an absolute https URL"]);
    },
  );

  it("has no unknown fields", () => {
    expect(CreateObjectRequest.safeParse({ content: { text: "a", mime: "b" } }).success).toBe(
      false,
    );
  });

  it("nests no deeper than a recursive walk can handle", () => {
    expect(messages(Content, { json: nested(MAX_JSON_DEPTH) })).toEqual([]);
    expect(messages(Content, { json: nested(MAX_JSON_DEPTH + 1) })).toHaveLength(1);
    expect(messages(Content, { json: nested(1_000_000) })).toHaveLength(1);
  });
});

describe("an object's key", () => {
  it.each(["a", "reports/2026/q4.pdf", "naïve £ 🙂", "a".repeat(256)])("may be %j", (key) => {
    expect(ObjectKey.safeParse(key).success).toBe(true);
  });

  it.each(["", ".", "..", "a\u0000b", "\ud800", `obj_${"0".repeat(32)}`, "a".repeat(257)])(
    "may not be %j",
    (key) => {
      expect(ObjectKey.safeParse(key).success).toBe(false);
    },
  );
});
