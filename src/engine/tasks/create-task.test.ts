import { describe, expect, test, vi } from "vitest";
import { createJobHarness } from "../../../test/jobs/harness.ts";
import { retryTask } from "./retry-task.ts";

/** A harness with a task, and a submission under it. */
async function withParent() {
  const h = createJobHarness();
  const parent = await h.submit();
  return { h, parent, submitChild: () => h.submit({ parent_task_id: parent._id }) };
}

const refused = { code: "parent_canceled", fields: [{ path: "parent_task_id" }] };

describe("a submission under a parent that is to stop", () => {
  test("is refused when the parent is CANCELED, and nothing is made", async () => {
    const { h, parent, submitChild } = await withParent();
    await h.kill(parent._id);
    await expect(submitChild()).rejects.toMatchObject(refused);
    expect(h.gateway.rows("tasks")).toHaveLength(1);
  });

  test("is refused while the parent's runner has not seen yet that it should stop", async () => {
    const { h, parent, submitChild } = await withParent();
    let stage = "before the kill";
    h.script.onStep = async () => {
      if (stage !== "before the kill") return;
      stage = "asked";
      await h.kill(parent._id);
      expect((await h.task(parent._id)).status).toBe("PROCESSING");
      await expect(submitChild()).rejects.toMatchObject(refused);
      stage = "refused";
    };
    await h.deliverNext();
    expect(stage).toBe("refused");
  });

  test("is refused under a child of the parent too, which the kill ended with it", async () => {
    const { h, parent, submitChild } = await withParent();
    const child = await submitChild();
    await h.kill(parent._id);
    await expect(h.submit({ parent_task_id: child._id })).rejects.toMatchObject(refused);
  });

  test("is taken as the retry of a child", async () => {
    const { h, parent, submitChild } = await withParent();
    const child = await submitChild();
    await h.kill(parent._id);
    const again = await retryTask({ ctx: h.ctx, input: { taskId: child._id } });
    expect(again).toMatchObject({ retry_of: child._id, status: "PENDING" });
  });

  test("is killed with the parent when that is killed while it is stored", async () => {
    const { h, parent, submitChild } = await withParent();
    const { tasks } = h.ctx.stores;
    const insert = tasks.insert.bind(tasks);
    vi.spyOn(tasks, "insert").mockImplementationOnce(async (task) => {
      await h.kill(parent._id);
      return insert(task);
    });
    const child = await submitChild();
    expect(child).toMatchObject({
      status: "CANCELED",
      cancel: { reason: `its parent ${parent._id} was killed` },
    });
    expect(h.world.queue).toEqual([]);
  });

  test("is taken under a parent that has ended otherwise", async () => {
    const { h, parent, submitChild } = await withParent();
    while ((await h.deliverNext()) !== null);
    expect((await h.task(parent._id)).status).toBe("COMPLETED");
    expect((await submitChild()).status).toBe("PENDING");
  });
});
