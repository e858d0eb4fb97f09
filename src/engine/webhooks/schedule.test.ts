import { assert, double, integer, property } from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_ATTEMPTS, parseRetryAfter, secondsUntilNextAttempt } from "./schedule.ts";

const after = (retryAfterSeconds: number) =>
  secondsUntilNextAttempt({ failed: 2, retryAfterSeconds, random: () => 0.5 });

const none = { retryAfterSeconds: null, random: () => 0.5 };

describe("the schedule", () => {
  test("is 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h after the failure before, then ends", () => {
    const waits = Array.from({ length: MAX_ATTEMPTS }, (_, index) =>
      secondsUntilNextAttempt({ failed: index + 1, ...none }),
    );
    expect(waits).toEqual([5, 300, 1800, 7200, 18_000, 36_000, 36_000, null]);
  });

  test("varies each wait by up to 20 % either way, in whole seconds", () => {
    assert(
      property(
        integer({ min: 1, max: 7 }),
        double({ min: 0, max: 0.999, noNaN: true }),
        (failed, x) => {
          const planned = secondsUntilNextAttempt({ failed, ...none }) ?? 0;
          const wait =
            secondsUntilNextAttempt({ failed, retryAfterSeconds: null, random: () => x }) ?? 0;
          expect(Number.isInteger(wait)).toBe(true);
          expect(wait).toBeGreaterThanOrEqual(planned * 0.8);
          expect(wait).toBeLessThanOrEqual(planned * 1.2);
        },
      ),
    );
  });

  test("waits as long as Retry-After asks, but never less than planned nor over a day", () => {
    expect(after(0)).toBe(300);
    expect(after(3600)).toBe(3600);
    expect(after(10_000_000)).toBe(86_400);
  });

  test("isn't prolonged by Retry-After after the last attempt", () => {
    expect(
      secondsUntilNextAttempt({ failed: 8, retryAfterSeconds: 60, random: () => 0.5 }),
    ).toBeNull();
  });
});

describe("Retry-After", () => {
  const now = new Date("1994-11-06T08:49:07Z");

  test.each([
    ["120", 120],
    [" 0 ", 0],
    ["Sun, 06 Nov 1994 08:49:37 GMT", 30],
    ["Sunday, 06-Nov-94 08:49:37 GMT", 30],
    ["Sun Nov  6 08:49:37 1994", 30],
    ["Sun, 06 Nov 1994 08:00:00 GMT", 0],
  ])("%j asks for %d seconds", (header, seconds) => {
    expect(parseRetryAfter(header, now)).toBe(seconds);
  });

  test.each([null, "", "soon", "-5", "1.5", "2026-11-24T00:00:00Z"])(
    "%j asks for nothing",
    (header) => {
      expect(parseRetryAfter(header, now)).toBeNull();
    },
  );
});
