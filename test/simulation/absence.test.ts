import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { getTask, submit } from "../support/fixtures.ts";
import { deliveriesTo } from "../support/webhooks.ts";
import { expectEnded, expectReceived } from "./support/invariants.ts";
import { gateAt, holdBack, makeCase, subscribe } from "./support/scenario-parts.ts";
import { drainQueue, passTimeUntil, type Simulation } from "./support/simulation.ts";
import { startVirtualSimulation } from "./support/virtual/simulation.ts";
import { historyOf, isSettled } from "./support/task-state.ts";

const HOUR_MS = 3_600_000;

/** Attempts of a delivery before it is dead (DESIGN, section 7). */
const ATTEMPTS = 8;

let simulation: Simulation;
beforeAll(async () => {
  simulation = await startVirtualSimulation();
});
afterAll(() => simulation.close());

const COMPLETED = { status: "COMPLETED", documents: "all" } as const;

describe("a worker that is dead for a day", () => {
  it("finds by cron what waits, what ran and what was not told, and all of it ends", async () => {
    const waiting = await makeCase(simulation, 3);
    const running = await makeCase(simulation, 60, "chosen");
    const untold = await makeCase(simulation, 3);
    const endpoint = await subscribe(simulation, untold.api);

    const releaseEvents = holdBack(simulation, "dispatch", "delivery");
    const ended = await submit(untold.api, untold.batch);
    await passTimeUntil(simulation, async () => {
      return (await getTask(untold.api, ended.task_id)).status === "COMPLETED";
    });
    const gate = gateAt(simulation.mongo.faults, {
      phase: "before",
      match: ({ name, target }) => name === "update" && target === "documents",
      skip: 1,
    });
    const ran = await submit(running.api, running.batch);
    await gate.reached;
    const releaseJobs = holdBack(simulation, "job");
    const waited = await submit(waiting.api, waiting.batch);

    await simulation.stop();
    gate.open();
    releaseJobs();
    releaseEvents();
    // The queue tries for some hours and gives up: its messages are dead letters.
    await simulation.clock.advanceBy(24 * HOUR_MS);
    expect(simulation.qstash.pendingMessages()).toEqual([]);
    simulation.crash();
    await simulation.whenUp();

    await passTimeUntil(simulation, async () => {
      const settled = await Promise.all([
        isSettled(waiting.api, waited.task_id),
        isSettled(running.api, ran.task_id),
        isSettled(untold.api, ended.task_id),
      ]);
      return settled.every(Boolean);
    });
    await drainQueue(simulation);
    await expectEnded(waiting.api, waiting.batch, COMPLETED);
    await expectEnded(running.api, running.batch, COMPLETED);
    await expectEnded(untold.api, untold.batch, COMPLETED);
    await expectReceived(untold.api, ended.task_id, endpoint);
  });
});

describe("an endpoint that is down", () => {
  it("gets every event when it is back within the schedule", async () => {
    const { api, batch } = await makeCase(simulation, 3);
    const endpoint = await subscribe(simulation, api);
    endpoint.answerWith(503);
    const { task_id } = await submit(api, batch);
    await simulation.clock.advanceBy(3 * HOUR_MS);
    expect((await historyOf(api, task_id)).deliveries.map(({ status }) => status)).toContain(
      "PENDING",
    );
    endpoint.answerWith(204);
    // Cron lets go what the open circuit held.
    await passTimeUntil(simulation, () => isSettled(api, task_id));
    await drainQueue(simulation);
    await expectEnded(api, batch, COMPLETED);
    await expectReceived(api, task_id, endpoint);
  });

  it("for good leaves every event in the dead letters with all its attempts; another endpoint gets them", async () => {
    const { api, batch } = await makeCase(simulation, 3);
    const down = await subscribe(simulation, api);
    const up = await subscribe(simulation, api);
    down.answerWith(500);
    const { task_id } = await submit(api, batch);
    await passTimeUntil(simulation, () => isSettled(api, task_id));
    await drainQueue(simulation);

    const { events, deliveries } = await historyOf(api, task_id);
    const dead = deliveries.filter(({ status }) => status === "FAILED");
    expect(dead.map(({ event_id }) => event_id).toSorted()).toEqual(
      events.map(({ event_id }) => event_id).toSorted(),
    );
    for (const { attempts } of await deliveriesTo(api, String(dead[0]?.webhook_id))) {
      expect(attempts.map(({ attempt }) => attempt)).toEqual(
        Array.from({ length: ATTEMPTS }, (_, index) => index + 1),
      );
      expect(attempts.every(({ response_status }) => response_status === 500)).toBe(true);
    }
    expect(new Set(up.received.map(({ sequence }) => sequence)).size).toBe(events.length);
  });
});
