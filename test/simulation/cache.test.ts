import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { submit } from "../support/fixtures.ts";
import { gateAt, holdBack, makeCase } from "./support/scenario-parts.ts";
import type { Simulation } from "./support/simulation.ts";
import { startVirtualSimulation } from "./support/virtual/simulation.ts";

let simulation: Simulation;
beforeAll(async () => {
  simulation = await startVirtualSimulation();
});
afterAll(() => simulation.close());

describe("the hot copy", () => {
  it("is never replaced by an older one, in whatever order the writes arrive", async () => {
    const { redis, qstash } = simulation;
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
    const { redis, qstash } = simulation;
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
    await qstash.idle();
    expect((await api.get(`${path}?source=cache`)).body).toEqual(polled.body);
  });
});
