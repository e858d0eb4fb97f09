import { expect } from "vitest";
import type { Scenario } from "../support/scenario.ts";
import type { Receiver } from "../support/receiver.ts";
import { endUndispatched, makeCase, type Undispatched } from "../support/scenario-parts.ts";
import { historyOf, isSettled } from "../support/task-state.ts";

type Told = Undispatched & Pick<Receiver, "crm">;

/** P3 for a subscriber in code: called at least once, under one id, and the log says so. */
export const handling: Scenario<Told> = {
  name: "an event on its way to a subscriber in code",
  disturbed: "until settled",
  hasSubscriber: true,
  prepare: async (where) => ({
    ...(await endUndispatched(where, await makeCase(where, 1))),
    crm: where.receiver.crm,
  }),
  act: async ({ qstash }, { release }) => {
    release();
    await qstash.idle();
  },
  isSettled: ({ api, taskId }) => isSettled(api, taskId),
  check: async ({ api, taskId, crm }) => {
    const { deliveries } = await historyOf(api, taskId);
    expect(deliveries).toMatchObject([{ subscriber: "crm", status: "COMPLETED" }]);
    const calls = crm.filter(({ body }) => body.includes(taskId));
    const ids = new Set(calls.map(({ idempotencyKey }) => idempotencyKey));
    expect([...ids]).toEqual([deliveries[0]?.delivery_id]);
  },
};
