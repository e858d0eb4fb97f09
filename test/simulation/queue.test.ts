import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { getTask, submit } from "../support/fixtures.ts";
import { expectEnded, expectInOrder, expectReceived } from "./support/invariants.ts";
import { FUNCTIONS, holdBack, makeCase, subscribe } from "./support/scenario-parts.ts";
import { drainQueue, passTimeUntil, type Simulation } from "./support/simulation.ts";
import { startVirtualSimulation } from "./support/virtual/simulation.ts";
import { documentsOf, historyOf, isSettled } from "./support/task-state.ts";

const HOUR_MS = 3_600_000;

let simulation: Simulation;
beforeAll(async () => {
  simulation = await startVirtualSimulation();
});
afterEach(() => simulation.qstash.misbehaviours.clear());
afterAll(() => simulation.close());

const COMPLETED = { status: "COMPLETED", documents: "all" } as const;

type Message = { readonly destination: string; readonly body: string };

/** What the queue delivers to the worker from now on, once each. */
function watchMessages(): readonly Message[] {
  const seen = new Map<string, Message>();
  const messages: Message[] = [];
  simulation.qstash.misbehaviours.add({
    kind: "duplicate",
    deliveries: 2,
    match: ({ target }, body) => {
      const message = { destination: target, body: body.toString() };
      const key = `${target} ${message.body}`;
      if (!seen.has(key)) messages.push(message);
      seen.set(key, message);
      return false;
    },
  });
  return messages;
}

/** Has the queue deliver a message once more, hours later. */
async function deliverLater({ destination, body }: Message, hours: number): Promise<void> {
  const headers = { "Content-Type": "application/json", "Upstash-Delay": `${hours}h` };
  const path = `/v2/publish/${destination}`;
  const response = await simulation.qstash.request("POST", path, { headers, body });
  expect(response.status).toBe(200);
}

describe("the queue", () => {
  it.each([
    ["one after the other", false],
    ["at once", true],
  ] as const)("may deliver every message twice, %s", async (_how, together) => {
    const { api, batch } = await makeCase(simulation, 60, "chosen");
    const endpoint = await subscribe(simulation, api);
    const ordered = await subscribe(simulation, api, ["*"], { ordering: "task" });
    simulation.qstash.misbehaviours.add({
      kind: "duplicate",
      deliveries: 2,
      together,
      match: () => true,
    });
    const { task_id } = await submit(api, batch);
    await passTimeUntil(simulation, () => isSettled(api, task_id));
    await drainQueue(simulation);
    expect((await getTask(api, task_id)).attempt).toBe(1);
    await expectEnded(api, batch, COMPLETED);
    await expectReceived(api, task_id, endpoint);
    await expectReceived(api, task_id, ordered);
    expectInOrder(task_id, ordered);
  });

  it("may deliver all messages again hours after the end, the last ones first", async () => {
    const { api, batch } = await makeCase(simulation, 60, "chosen");
    const endpoint = await subscribe(simulation, api);
    const messages = watchMessages();
    const { task_id } = await submit(api, batch);
    await passTimeUntil(simulation, () => isSettled(api, task_id));
    await drainQueue(simulation);
    const seen = () =>
      Promise.all([
        getTask(api, task_id),
        historyOf(api, task_id),
        documentsOf(api, batch.collectionId),
      ]);
    const before = await seen();
    for (const path of Object.values(FUNCTIONS)) {
      expect(
        messages.some(({ destination }) => destination.endsWith(path)),
        path,
      ).toBe(true);
    }

    const late = messages.toReversed();
    await Promise.all(late.map((message, index) => deliverLater(message, index + 1)));
    await simulation.clock.advanceBy((late.length + 1) * HOUR_MS);
    await drainQueue(simulation);

    expect(await seen()).toEqual(before);
    await expectEnded(api, batch, COMPLETED);
    await expectReceived(api, task_id, endpoint);
  });

  it("may bring a job's message after the task was killed, and after it was run by cron", async () => {
    const killed = await makeCase(simulation, 3);
    const relayed = await makeCase(simulation, 3);
    const release = holdBack(simulation, "job");
    const [one, other] = await Promise.all([
      submit(killed.api, killed.batch),
      submit(relayed.api, relayed.batch),
    ]);
    await killed.api.post(`/v1/tasks/${one.task_id}/kill`).expect(202);
    await simulation.clock.advanceBy(6 * HOUR_MS);
    // Cron publishes the job again, and both copies come, the later one first or not.
    await simulation.runCron();
    release();
    await passTimeUntil(simulation, () => isSettled(relayed.api, other.task_id));
    await passTimeUntil(simulation, () => isSettled(killed.api, one.task_id));
    await drainQueue(simulation);
    expect((await getTask(relayed.api, other.task_id)).attempt).toBe(1);
    await expectEnded(relayed.api, relayed.batch, COMPLETED);
    await expectEnded(killed.api, killed.batch, { status: "CANCELED", documents: "as told" });
  });

  it("may bring the messages of events and deliveries in the opposite order", async () => {
    const { api, batch } = await makeCase(simulation, 60, "chosen");
    const endpoint = await subscribe(simulation, api);
    const ordered = await subscribe(simulation, api, ["*"], { ordering: "task" });
    // Each waits until two others were attempted, or until all that is left is let go.
    simulation.qstash.misbehaviours.add({
      kind: "reorder",
      after: 2,
      match: ({ target }) => !target.endsWith(FUNCTIONS.job),
    });
    const { task_id } = await submit(api, batch);
    await simulation.qstash.idle();
    simulation.qstash.misbehaviours.clear();
    await passTimeUntil(simulation, () => isSettled(api, task_id));
    await drainQueue(simulation);
    await expectEnded(api, batch, COMPLETED);
    await expectReceived(api, task_id, endpoint);
    await expectReceived(api, task_id, ordered);
    expectInOrder(task_id, ordered);
  });
});
