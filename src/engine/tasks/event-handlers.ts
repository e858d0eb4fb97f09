import { isTerminal } from "../../contract/status.ts";
import type { EventHandler } from "../context.ts";
import { cacheTasks } from "./cache-task.ts";
import { cancelChildren } from "./cancel-task.ts";
import { mirrorTasks } from "./mirror-task.ts";

/** Repeats what a change of a task writes after the task itself, in case its writer died before. */
export const TASK_HANDLERS: readonly EventHandler[] = [
  {
    // Writes a task's status to its resource again.
    name: "resource",
    handle: (ctx, { tasks }) => mirrorTasks({ ctx, tasks }),
  },
  {
    // Replaces a stale hot copy and wakes the requests that wait for the task. Nothing else would
    // write the copy of an ended task; a running task's copy is repaired by its next write, or
    // expires after five minutes.
    name: "hot copy",
    handle: async (ctx, { tasks }) => {
      const ended = tasks.filter((task) => isTerminal(task.status));
      if (ended.length > 0) await cacheTasks({ ctx, tasks: ended });
    },
  },
  {
    // Passes a kill on to the task's children.
    name: "kill of children",
    handle: async (ctx, { tasks }) => {
      for (const task of tasks) {
        if (task.cancel === null || task.status !== "CANCELED") continue;
        await cancelChildren({ ctx, parent: task, actor: task.cancel.requested_by });
      }
    },
  },
];
