import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Timestamp, TimeRange } from "./common.ts";

describe("a time", () => {
  it.each([
    ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000Z"],
    ["2026-01-31T12:00:00.5Z", "2026-01-31T12:00:00.500Z"],
    ["2026-01-31T12:00:00+00:00", "2026-01-31T12:00:00.000Z"],
    ["2026-01-31T12:00:00-00:00", "2026-01-31T12:00:00.000Z"],
    ["2026-01-31T00:30:00.123456789+05:45", "2026-01-30T18:45:00.123Z"],
    ["2026-12-31T23:59:59-12:00", "2027-01-01T11:59:59.000Z"],
    ["2024-02-29t12:00:00z", "2024-02-29T12:00:00.000Z"],
  ])("with any offset of RFC 3339 is taken and made UTC: %s", (sent, kept) => {
    expect(Timestamp.parse(sent)).toBe(kept);
    expect(TimeRange.parse({ gte: sent })).toEqual({ gte: kept });
  });

  it.each([
    "",
    "2026-01-31",
    "2026-01-31T12:00:00",
    "2026-01-31T12:00Z",
    "2026-01-31T12:00:00+02",
    "2026-01-31T12:00:00+0200",
    "2026-01-31T12:00:00+24:00",
    "2026-02-30T12:00:00+02:00",
    "2026-01-31T23:59:60Z",
    "0000-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-01:00",
    "Sat, 31 Jan 2026 12:00:00 GMT",
    1_769_860_800,
  ])("that is none, or none that can be kept, is refused: %s", (sent) => {
    expect(Timestamp.safeParse(sent).error?.issues[0]?.message).toMatch(/^expected a time/);
  });

  it("is described as date-time, which any offset is", () => {
    expect(z.toJSONSchema(Timestamp)).toMatchObject({ type: "string", format: "date-time" });
  });
});
