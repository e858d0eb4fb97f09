import { afterAll, describe, expect, it } from "vitest";
import { submit } from "../support/fixtures.ts";
import { describeCutOffs, type Scenario } from "./support/cut-off.ts";
import { expectEnded } from "./support/invariants.ts";
import { type Case, gateAt, holdBack, makeCase } from "./support/scenario-parts.ts";
import { startSimulation } from "./support/simulation.ts";
import { isSettled } from "./support/task-state.ts";

type Accepted = Case & { readonly taskId: string; readonly release: () => void };

/** P4: whatever Redis has forgotten, the job ends and polls are right. */
const run: Scenario<Accepted> = {
  name: "run",
  disturbed: "until settled",
  prepare: async (simulation) => {
    const made = await makeCase(simulation, 60, "chosen");
    const release = holdBack(simulation, "job");
    const { task_id } = await submit(made.api, made.batch);
    return { ...made, taskId: task_id, release };
  },
  act: async (simulation, { release }) => {
    release();
    await simulation.world.stack.qstash.idle();
  },
  isSettled: ({ api, taskId }) => isSettled(api, taskId),
  check: ({ api, batch }) => expectEnded(api, batch, { status: "COMPLETED", documents: "all" }),
};

const simulation = await startSimulation();
afterAll(() => simulation.close());

await describeCutOffs(simulation, run, ({ service }) => (service === "redis" ? ["flushed"] : []));

describe("the hot copy", () => {
  it("is never replaced by an older one, in whatever order the writes arrive", async () => {
    const { redis, qstash } = simulation.world.stack;
    const { api, batch } = await makeCase(simulation, 3);
    const release = holdBack(simulation, "job");
    const { task_id } = await submit(api, batch);
    const versions: number[] = [];
    const poll = async () => {
      const answer = await api.get(`/v1/tasks/${task_id}?source=cache`);
      if (answer.status === 200) versions.push(Number(answer.body["version"]));
      return answer.body["status"];
    };
    // The claim's copy is on its way while the kill's is written: the newer one arrives first.
    const gate = gateAt(redis.faults, {
      phase: "before",
      match: ({ name }) => name === "EVAL",
    });
    release();
    await gate.reached;
    await api.post(`/v1/tasks/${task_id}/kill`).expect(202);
    await poll();
    gate.open();
    await qstash.idle();
    await poll();
    expect(await poll()).toBe("CANCELED");
    expect(versions).toEqual(versions.toSorted((one, other) => one - other));
  });

  it("that was flushed comes from the record at the next poll, and is there again", async () => {
    const { redis, qstash } = simulation.world.stack;
    const { api, batch } = await makeCase(simulation, 3);
    const { task_id } = await submit(api, batch);
    await qstash.idle();
    await redis.flush();
    const path = `/v1/tasks/${task_id}`;
    const missed = await api.get(`${path}?source=cache`);
    expect(missed.status).toBe(404);
    const polled = await api.get(path).expect(200);
    expect(polled.headers.get("X-Waybill-Source")).toBe("history");
    expect(polled.body["status"]).toBe("COMPLETED");
    // The answer doesn't wait for the copy.
    await expect
      .poll(async () => (await api.get(`${path}?source=cache`)).body)
      .toEqual(polled.body);
  });
});
