import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DomainError } from "../engine/errors.ts";
import { MAX_BODY_DEPTH, parseIJson } from "./i-json.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function refusal(body: string | Uint8Array) {
  try {
    parseIJson(typeof body === "string" ? bytes(body) : body);
  } catch (error) {
    if (error instanceof DomainError) {
      return { code: error.code, paths: error.fields.map(({ path }) => path) };
    }
    throw error;
  }
  return null;
}

const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

describe("JSON that would be altered is refused, with the path", () => {
  it.each([
    ["a number beyond a double", '{"n":1e400}', "n"],
    ["a number below a double", '{"n":{"m":[0,1e-400]}}', "n.m.1"],
    ["an integer that rounds", '{"n":9007199254740993}', "n"],
    ["an integer that may have been rounded", '{"n":-9007199254740992}', "n"],
    ["an integer written with a fraction that rounds", '{"n":9007199254740993.0}', "n"],
    ["more digits than a double has", "[3.141592653589793238462643383279]", "0"],
    ["a lone surrogate as an escape", String.raw`{"s":"\ud800"}`, "s"],
    ["a lone low surrogate", String.raw`{"a":[{"s":"x\udc00y"}]}`, "a.0.s"],
    ["two surrogates in the wrong order", String.raw`["\udc00\ud800"]`, "0"],
    ["a lone surrogate in a name", String.raw`{"\ud800":1}`, "\uFFFD"],
    ["a name that comes twice", '{"a":{"b":1,"c":2,"b":1}}', "a.b"],
    ["a name that comes twice, once escaped", String.raw`{"ab":1,"\u0061b":2}`, "ab"],
    ["__proto__", '{"filter":{"__proto__":{"a":1}}}', "filter.__proto__"],
    ["__proto__ in an array, escaped", String.raw`[{"\u005f_proto__":null}]`, "0.__proto__"],
  ])("%s", (_what, body, path) => {
    expect(refusal(body)).toEqual({ code: "invalid_request", paths: [path] });
  });

  it("that nests deeper than any handler walks", () => {
    expect(refusal(nested(MAX_BODY_DEPTH))).toBeNull();
    expect(refusal(nested(MAX_BODY_DEPTH + 1))?.code).toBe("invalid_request");
    expect(refusal(nested(100_000))?.code).toBe("invalid_request");
    expect(refusal('{"a":'.repeat(8000) + "1" + "}".repeat(8000))?.code).toBe("invalid_request");
  });

  it("and every place is named, up to a hundred", () => {
    expect(refusal('{"a":1e400,"b":[1e999,"\\ud800"]}')?.paths).toEqual(["a", "b.0", "b.1"]);
    expect(refusal(`[${"1e400,".repeat(1000)}1]`)?.paths).toHaveLength(100);
  });
});

describe("what is not JSON in UTF-8 is malformed", () => {
  it.each([
    ["a byte that is none", new Uint8Array([0x22, 0xff, 0x22])],
    ["an overlong form", new Uint8Array([0x22, 0xc0, 0xaf, 0x22])],
    ["a surrogate in UTF-8", new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ["UTF-8 that is cut", new Uint8Array([0x22, 0xe2, 0x82])],
    ["UTF-16", new Uint8Array([0xff, 0xfe, 0x31, 0x00])],
    ["a comment", bytes("{/* */}")],
    ["a comma too many", bytes("[1,]")],
    ["two values", bytes("{} {}")],
    ["NaN", bytes("[NaN]")],
    ["a leading zero", bytes("[01]")],
    ["white space alone", bytes("  ")],
  ])("%s", (_what, body) => {
    expect(refusal(body)?.code).toBe("malformed_json");
  });
});

describe("what survives is taken as it is", () => {
  it.each([
    "9007199254740991",
    "-9007199254740991",
    "-0",
    "0.0",
    "0e400",
    "0.1",
    "1.10",
    "100e-2",
    "1e21",
    "5e-324",
    "1.7976931348623157e308",
    "0.10000000000000001",
    "0.30000000000000004",
    "123456789012345680000.0",
    "1.5000000000000000000000000000000",
    '"\\ud83d\\ude00"',
    '"😀\\u0000"',
    '{"a":{"b":1},"c":{"b":1},"constructor":1,"toString":2}',
    '"\uFFFE"',
  ])("%s", (body) => {
    expect(refusal(body)).toBeNull();
    expect(parseIJson(bytes(body))).toEqual(JSON.parse(body));
  });

  it("and so is every value that JSON.stringify writes of well-formed text", () => {
    const value = fc.jsonValue({ maxDepth: 5, stringUnit: "grapheme" });
    fc.assert(
      fc.property(value, (written) => {
        const body = JSON.stringify(written);
        fc.pre(!body.includes("__proto__") && !hasLargeInteger(body));
        expect(parseIJson(bytes(body))).toEqual(JSON.parse(body));
      }),
    );
  });
});

/** JSON.stringify writes doubles from 2^53 to 1e21 as integers. */
const hasLargeInteger = (body: string) => /\d{16}/.test(body);
