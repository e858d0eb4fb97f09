import { TaskTarget } from "../../contract/submission-target.ts";
import { createTypedTask } from "./create-typed-task.ts";
import { defineTarget } from "./define-target.ts";

/** A task of one of the deployment's jobs, or of a registered type. */
export const TASK_TARGET = defineTarget({
  kind: "task",
  schema: TaskTarget,
  insertDecides: true,
  example: { kind: "task", task_type: "gpu.train", input: { epochs: 3 } },
  submit: ({ ctx, target, keyed }) => {
    const { kind: _, ...request } = target;
    return createTypedTask({ ctx, input: { request, keyed } });
  },
});
