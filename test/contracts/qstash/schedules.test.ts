import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DAY_MS, HOUR_MS, MINUTE_MS, startStack } from "./stack.ts";
import type { Stack } from "./stack.ts";

describe("schedules", () => {
  let stack: Stack;
  beforeEach(async () => {
    stack = await startStack();
  });
  afterEach(() => stack.close());

  const timesAt = (path: string): string[] =>
    stack.receiver.at(path).map(({ atMs }) => new Date(atMs).toISOString().slice(0, 16));

  /** Midnight UTC of a winter day in the future, so that driven time can go there. */
  const toWinterMidnight = async (): Promise<string> => {
    const year = new Date(stack.startMs).getUTCFullYear() + 1;
    await stack.clock.advanceTo(Date.UTC(year, 0, 10));
    return `${year}-01-10`;
  };

  test("a schedule publishes its message each time the expression triggers", async () => {
    const { client, clock, receiver } = stack;
    const day = await toWinterMidnight();
    const { scheduleId } = await client.schedules.create({
      destination: receiver.url(),
      cron: "*/15 * * * *",
      body: "tick",
      headers: { "X-Kind": "k" },
    });
    await clock.advanceBy(HOUR_MS);
    const expected = ["00:15", "00:30", "00:45", "01:00"].map((time) => `${day}T${time}`);
    expect(timesAt("/job")).toEqual(expected);
    expect(receiver.received[0]).toMatchObject({
      body: "tick",
      headers: { "x-kind": "k", "upstash-schedule-id": scheduleId },
    });
    const ids = receiver.received.map(({ headers }) => headers["upstash-message-id"]);
    expect(new Set(ids).size).toBe(4);
  });

  test("CRON_TZ sets the time zone: nine in New York is 14:00 UTC in winter", async () => {
    const { client, clock, receiver } = stack;
    const day = await toWinterMidnight();
    const cron = "CRON_TZ=America/New_York 0 9 * * *";
    await client.schedules.create({ destination: receiver.url(), cron });
    await clock.advanceBy(DAY_MS);
    expect(timesAt("/job")).toEqual([`${day}T14:00`]);
  });

  test("CRON_TZ follows daylight saving: nine in New York is 13:00 UTC in summer", async () => {
    const { client, clock, receiver, startMs } = stack;
    const year = new Date(startMs).getUTCFullYear() + 1;
    await clock.advanceTo(Date.UTC(year, 6, 10));
    const cron = "CRON_TZ=America/New_York 0 9 * * *";
    await client.schedules.create({ destination: receiver.url(), cron });
    await clock.advanceBy(DAY_MS);
    expect(timesAt("/job")).toEqual([`${year}-07-10T13:00`]);
  });

  test.each([
    ["sixty * * * *"],
    ["* * * *"],
    ["*/10 * * * * *"],
    ["CRON_TZ=Mars/Olympus 0 9 * * *"],
    ["61 * * * *"],
  ])("the cron expression %s is answered 400", async (cron) => {
    const { api, receiver } = stack;
    const headers = { "Upstash-Cron": cron };
    const answer = await api("POST", `/v2/schedules/${receiver.url()}`, { headers });
    expect(answer).toMatchObject({ status: 400, json: { error: expect.stringContaining("Cron") } });
  });

  test("a schedule without an expression, with a bad id or a bad destination is turned down", async () => {
    const { api, client, receiver } = stack;
    const cron = { "Upstash-Cron": "* * * * *" };
    const badId = { ...cron, "Upstash-Schedule-Id": "a b" };
    const post = (destination: string, headers: Record<string, string>) =>
      api("POST", `/v2/schedules/${destination}`, { headers });
    expect(await post(receiver.url(), {})).toMatchObject({ status: 400 });
    expect(await post(receiver.url(), badId)).toMatchObject({ status: 400 });
    expect(await post("ftp://x.example", cron)).toMatchObject({ status: 400 });
    expect(await post("no-such-group", cron)).toMatchObject({ status: 404 });
    expect(await client.schedules.list()).toEqual([]);
  });

  test("the thousand and first schedule is answered 412, changing one is not", async () => {
    const { api, receiver } = stack;
    const create = (id: string) =>
      api("POST", `/v2/schedules/${receiver.url()}`, {
        headers: { "Upstash-Cron": "0 0 1 1 *", "Upstash-Schedule-Id": id },
      });
    await Promise.all(Array.from({ length: 1_000 }, (_, index) => create(`s${index}`)));
    expect(await create("one-more")).toMatchObject({ status: 412 });
    expect(await create("s7")).toMatchObject({ status: 200, json: { scheduleId: "s7" } });
  });

  test("a schedule is read with its settings and its next time", async () => {
    const { client, clock, receiver } = stack;
    await toWinterMidnight();
    await client.schedules.create({
      scheduleId: "nightly",
      destination: receiver.url(),
      cron: "0 3 * * *",
      method: "PUT",
      body: "{}",
      retries: 1,
      delay: 60,
      label: ["night", "billing"],
      callback: receiver.url("/cb"),
    });
    expect(await client.schedules.get("nightly")).toMatchObject({
      scheduleId: "nightly",
      cron: "0 3 * * *",
      destination: receiver.url(),
      createdAt: clock.now(),
      method: "PUT",
      body: "{}",
      header: { "Content-Type": ["application/json"] },
      retries: 1,
      delay: 60,
      label: "night",
      labels: ["night", "billing"],
      callback: receiver.url("/cb"),
      isPaused: false,
      nextScheduleTime: clock.now() + 3 * HOUR_MS,
      lastScheduleStates: {},
    });
    await clock.advanceBy(3 * HOUR_MS);
    const schedule = await client.schedules.get("nightly");
    expect(schedule.lastScheduleTime).toBe(clock.now());
    expect(Object.values(schedule.lastScheduleStates ?? {})).toEqual(["CREATED"]);
    await clock.advanceBy(60_000);
    const later = await client.schedules.get("nightly");
    expect(Object.values(later.lastScheduleStates ?? {})).toEqual(["DELIVERED"]);
  });

  test("creating a schedule with an id that exists changes it", async () => {
    const { client, clock, receiver } = stack;
    await toWinterMidnight();
    const base = { scheduleId: "one", destination: receiver.url() };
    await client.schedules.create({ ...base, cron: "*/10 * * * *" });
    const { createdAt } = await client.schedules.get("one");
    await clock.advanceBy(MINUTE_MS);
    await client.schedules.create({
      ...base,
      destination: receiver.url("/new"),
      cron: "30 * * * *",
    });
    await clock.advanceBy(HOUR_MS);
    expect(receiver.received.map(({ path }) => path)).toEqual(["/new"]);
    expect(await client.schedules.list()).toMatchObject([{ scheduleId: "one", createdAt }]);
  });

  test("a paused schedule skips its times; after resume it goes on with the next", async () => {
    const { client, clock, receiver } = stack;
    const day = await toWinterMidnight();
    const cron = "0 * * * *";
    await client.schedules.create({ scheduleId: "hourly", destination: receiver.url(), cron });
    await client.schedules.pause({ schedule: "hourly" });
    expect((await client.schedules.get("hourly")).isPaused).toBe(true);
    await clock.advanceBy(2.5 * HOUR_MS);
    expect(receiver.received).toEqual([]);
    await client.schedules.resume({ schedule: "hourly" });
    await clock.advanceBy(HOUR_MS);
    expect(timesAt("/job")).toEqual([`${day}T03:00`]);
  });

  test("pause and resume are served as POST, too", async () => {
    const { api, client, receiver } = stack;
    const cron = "0 * * * *";
    await client.schedules.create({ scheduleId: "s", destination: receiver.url(), cron });
    expect((await api("POST", "/v2/schedules/s/pause")).status).toBe(200);
    expect((await client.schedules.get("s")).isPaused).toBe(true);
    expect((await api("POST", "/v2/schedules/s/resume")).status).toBe(200);
    expect((await client.schedules.get("s")).isPaused).toBe(false);
    expect(await api("POST", "/v2/schedules/none/pause")).toMatchObject({ status: 404 });
  });

  test("a deleted schedule publishes nothing more and is not found", async () => {
    const { client, clock, receiver } = stack;
    const cron = "* * * * *";
    await client.schedules.create({ scheduleId: "s", destination: receiver.url(), cron });
    await clock.advanceBy(MINUTE_MS);
    await client.schedules.delete("s");
    await clock.advanceBy(HOUR_MS);
    expect(receiver.received).toHaveLength(1);
    await expect(client.schedules.get("s")).rejects.toMatchObject({ status: 404 });
    await expect(client.schedules.delete("s")).rejects.toMatchObject({ status: 404 });
  });

  test("a scheduled message has the schedule's delay, and its retries", async () => {
    const { client, clock, receiver } = stack;
    const day = await toWinterMidnight();
    receiver.always(500);
    await client.schedules.create({
      destination: receiver.url(),
      cron: "0 1 * * *",
      delay: 300,
      retries: 1,
      retryDelay: "60000",
    });
    await clock.advanceBy(2 * HOUR_MS);
    expect(timesAt("/job")).toEqual([`${day}T01:05`, `${day}T01:06`]);
    const { messages } = await client.dlq.listMessages();
    expect(messages).toMatchObject([{ scheduleId: expect.stringMatching(/^scd_/) }]);
  });

  test("a schedule to a URL group reaches each endpoint, and a queue keeps their order", async () => {
    const { client, clock, receiver } = stack;
    await toWinterMidnight();
    const endpoints = [{ url: receiver.url("/g1") }, { url: receiver.url("/g2") }];
    await client.urlGroups.addEndpoints({ name: "group", endpoints });
    receiver.byPath({ "/g1": 500 });
    await client.schedules.create({
      destination: "group",
      cron: "0 1 * * *",
      retries: 1,
      queueName: "line",
    });
    await clock.advanceBy(2 * HOUR_MS);
    expect(receiver.received.map(({ path }) => path)).toEqual(["/g1", "/g1", "/g2"]);
  });
});
