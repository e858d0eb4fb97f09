import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drivenClock } from "../../local/qstash/clock.ts";
import type { EventPage, LoggedEvent } from "../../src/contract/logged-event.ts";
import { gate } from "../contracts/qstash/receiver.ts";
import { log, orderOf, publish, shop } from "../support/events.ts";
import { expectInvalid, expectProblem } from "../support/problems.ts";
import { completeTask } from "../support/webhooks.ts";
import { startWorld, type World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld({ clock: drivenClock(Date.now(), { heldAfterMs: 30_000 }) });
});
afterAll(() => world.close());

describe("the log of events", () => {
  it("has every event of a namespace, whole, in one order, page by page, by filter and for who follows", async () => {
    const api = await shop(world);
    const taskId = await completeTask(world, api);
    for (const order of ["a", "b", "c"]) await publish(api, order);
    await world.runMinuteCron(60_000);
    const { results, pagination, end_cursor } = await log(api);
    expect(pagination.next_cursor).toBeNull();
    expect(results.map(({ type }) => type).toSorted()).toEqual([
      "collection.documents.written",
      "orders.paid",
      "orders.paid",
      "orders.paid",
      "task.completed",
      "task.created",
      "task.started",
    ]);
    const paged: LoggedEvent[] = [];
    let cursor: string | null = null;
    do {
      const page: EventPage = await log(api, { limit: 2, ...(cursor !== null && { cursor }) });
      paged.push(...page.results);
      cursor = page.pagination.next_cursor;
    } while (cursor !== null);
    expect(paged).toEqual(results);
    const ofTask = await log(api, { task_id: taskId });
    expect(ofTask.results.map(({ data }) => data["sequence"])).toEqual([1, 2, 3, 4]);
    expect((await log(api, { type: ["orders.*", "task.created"] })).results).toHaveLength(4);
    const { timestamp } = results.find((event) => orderOf(event) === "b") ?? { timestamp: "" };
    const since = await log(api, { type: "orders.paid", timestamp: { gte: timestamp } });
    expect(since.results.map(orderOf)).toEqual(["b", "c"]);
    const until = await log(api, { type: "orders.paid", timestamp: { lt: timestamp } });
    expect(until.results.map(orderOf)).toEqual(["a"]);
    await publish(api, "d");
    const after = await log(api, { cursor: end_cursor });
    expect(after.results.map(orderOf)).toEqual(["d"]);
    const stranger = await world.inNamespace();
    expectProblem(
      await stranger.post("/v1/events/list", { cursor: end_cursor }),
      400,
      "invalid_cursor",
    );
    const at = (position: number | string) =>
      btoa(atob(end_cursor).replace(/\d+$/, String(position)));
    for (const ahead of [at(9), at(1000), at("9007199254740993")]) {
      expectProblem(await api.post("/v1/events/list", { cursor: ahead }), 400, "invalid_cursor");
    }
    const [first] = results;
    expectProblem(await stranger.get(`/v1/events/${first?.event_id}`), 404, "not_found");
    expectInvalid(await api.post("/v1/events/list", { type: "orders.payed" }), "type");
    expectInvalid(await api.post("/v1/events/list", { type: ["*", "orders.payed"] }), "type.1");
  });

  it("puts an event that a slow writer logged late behind all that was read", async () => {
    const api = await shop(world);
    const { opened, open } = gate();
    const lift = world.mongo.faults.add({
      phase: "before",
      match: ({ name, target }) => name === "insert" && target === "events",
      action: { kind: "hold", until: opened },
    });
    const slow = publish(api, "slow");
    await expect.poll(async () => world.mongo.operations.all().at(-1)?.target).toBe("events");
    lift();
    for (const order of ["a", "b"]) await publish(api, order);
    const before = await log(api);
    expect(before.results.map(orderOf)).toEqual(["a", "b"]);
    open();
    const late = await slow;
    expect(late.timestamp <= (before.results[0]?.timestamp ?? "")).toBe(true);
    const after = await log(api, { cursor: before.end_cursor });
    expect(after.results).toEqual([late]);
    expect((await log(api)).results.map(orderOf)).toEqual(["a", "b", "slow"]);
  });

  it("gives whoever reads at once the same order", async () => {
    const api = await shop(world);
    await Promise.all(Array.from({ length: 30 }, (_, index) => publish(api, String(index))));
    const logs = await Promise.all(Array.from({ length: 8 }, () => log(api)));
    const whole = await log(api);
    expect(new Set(whole.results.map(orderOf)).size).toBe(30);
    for (const { results } of logs) {
      expect(results).toEqual(whole.results.slice(0, results.length));
    }
  });
});
