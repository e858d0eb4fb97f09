import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Delivery } from "../../src/contract/delivery.ts";
import { drivenClock } from "../../local/qstash/clock.ts";
import { type Answer, TestReceiver } from "../contracts/qstash/receiver.ts";
import type { Api } from "../support/api.ts";
import { completeTask, deliveryTo, subscribe } from "../support/webhooks.ts";
import { startWorld, type World } from "../support/world.ts";

/** The intervals that DESIGN and the Standard Webhooks specification name, in seconds. */
const INTERVALS = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000] as const;
const JITTER = 0.2;
/** Delays are whole seconds, and the queue's message is made a moment after the attempt. */
const ROUNDING_SECONDS = 1;
const DAY_SECONDS = 24 * 3600;

const clock = drivenClock(Date.now(), { heldAfterMs: 30_000 });
let world: World;
let api: Api;
const endpoint = new TestReceiver(() => clock.now());
beforeAll(async () => {
  world = await startWorld({ clock });
  await endpoint.start();
});
beforeEach(async () => {
  api = await world.inNamespace();
});
afterAll(async () => {
  await endpoint.close();
  await world.close();
});

function expectWithinJitter(seconds: number, interval: number, what: string): void {
  expect(seconds, what).toBeGreaterThanOrEqual(interval * (1 - JITTER) - ROUNDING_SECONDS);
  expect(seconds, what).toBeLessThanOrEqual(interval * (1 + JITTER) + ROUNDING_SECONDS);
}

/** How long the log says that the next attempt is away from the last one. */
function announcedSeconds(delivery: Delivery): number {
  const last = Date.parse(delivery.attempts.at(-1)?.at ?? "");
  return (Date.parse(delivery.next_attempt_at ?? "") - last) / 1000;
}

const KINDS: readonly (readonly [string, Answer, number | null, RegExp])[] = [
  ["an error", { status: 500, body: "no" }, 500, /^HTTP 500$/],
  ["no such page", { status: 404 }, 404, /^HTTP 404$/],
  ["too many requests", { status: 429 }, 429, /^HTTP 429$/],
  [
    "a redirect",
    { status: 301, headers: { location: "http://127.0.0.1:9/" } },
    301,
    /^HTTP 301: redirects are not followed$/,
  ],
  ["a cut connection", "cut", null, /./],
];

describe("an endpoint that always answers with", () => {
  it.each(KINDS)(
    "%s is tried at all eight times, each within a fifth of its interval, and the log shows them all",
    async (what, answer, status, error) => {
      endpoint.answering = () => answer;
      const path = `/${what.replaceAll(" ", "-")}`;
      const { webhook_id } = await subscribe(api, endpoint.url(path));
      await completeTask(world, api);
      for (const [index, interval] of INTERVALS.entries()) {
        const delivery = await deliveryTo(api, webhook_id);
        expect(delivery).toMatchObject({ status: "PENDING", attempt_count: index + 1 });
        const announced = announcedSeconds(delivery);
        expectWithinJitter(announced, interval, `the log's interval ${index + 1}`);
        // Nothing comes before its time, and it comes then.
        const lastMs = endpoint.at(path).at(-1)?.atMs ?? 0;
        await clock.advanceTo(lastMs + (announced - ROUNDING_SECONDS) * 1000);
        expect(endpoint.at(path)).toHaveLength(index + 1);
        await clock.advanceTo(lastMs + (announced + ROUNDING_SECONDS) * 1000);
        expect(endpoint.at(path)).toHaveLength(index + 2);
      }
      const times = endpoint.at(path).map(({ atMs }) => atMs);
      for (const [index, interval] of INTERVALS.entries()) {
        const seconds = ((times[index + 1] ?? 0) - (times[index] ?? 0)) / 1000;
        expectWithinJitter(seconds, interval, `the interval ${index + 1}`);
      }
      const dead = await deliveryTo(api, webhook_id);
      expect(dead).toMatchObject({ status: "FAILED", attempt_count: 8, next_attempt_at: null });
      expect(dead.error_message).toMatch(/^all 8 attempts failed; the last: ./);
      expect(dead.attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      for (const attempt of dead.attempts) {
        expect(attempt.response_status).toBe(status);
        expect(attempt.error).toMatch(error);
      }
      await clock.advanceBy(2 * DAY_SECONDS * 1000);
      expect(endpoint.at(path)).toHaveLength(8);
    },
  );
});

it("the waits of endpoints that fail together are spread, so that they don't come back together", async () => {
  endpoint.always(500);
  const hooks = await Promise.all(
    Array.from({ length: 12 }, (_, index) => subscribe(api, endpoint.url(`/spread-${index}`))),
  );
  await completeTask(world, api);
  await clock.advanceBy(10_000);
  const waits = await Promise.all(
    hooks.map(async ({ webhook_id }) => announcedSeconds(await deliveryTo(api, webhook_id))),
  );
  for (const wait of waits) expectWithinJitter(wait, 300, "the second interval");
  expect(new Set(waits.map((wait) => Math.round(wait))).size).toBeGreaterThan(3);
});

/** A time so far from now as an HTTP-date. */
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toUTCString();

describe("Retry-After", () => {
  it.each([
    ["429 in seconds", 429, () => "900", 900, 905],
    ["503 in seconds", 503, () => "900", 900, 905],
    ["429 as a date", 429, () => inSeconds(900), 895, 905],
    ["503 as a date", 503, () => inSeconds(900), 895, 905],
    ["of less than the schedule's wait", 503, () => "0", 4, 7],
    ["as a date that is past", 503, () => inSeconds(-900), 4, 7],
    ["of more than a day", 429, () => "9999999", DAY_SECONDS, DAY_SECONDS + 5],
    ["that says nothing", 503, () => "soon", 4, 7],
  ])("%s is kept to, within the schedule and a day", async (what, status, header, from, to) => {
    let calls = 0;
    endpoint.answering = () =>
      (calls += 1) === 1 ? { status, headers: { "Retry-After": header() } } : { status: 200 };
    const path = `/${what.replaceAll(" ", "-")}`;
    const { webhook_id } = await subscribe(api, endpoint.url(path));
    await completeTask(world, api);
    const announced = announcedSeconds(await deliveryTo(api, webhook_id));
    expect(announced).toBeGreaterThanOrEqual(from);
    expect(announced).toBeLessThanOrEqual(to);
    await clock.advanceBy((from - 2 * ROUNDING_SECONDS) * 1000);
    expect(endpoint.at(path)).toHaveLength(1);
    await clock.advanceBy((to - from + 4 * ROUNDING_SECONDS) * 1000);
    expect(await deliveryTo(api, webhook_id)).toMatchObject({
      status: "COMPLETED",
      attempts: [{ response_status: status }, { response_status: 200 }],
    });
  });
});
