import { isTerminal } from "../../contract/status.ts";
import type { EventHandler } from "../context.ts";
import { cacheTasks } from "./cache-task.ts";
import { cancelChildren } from "./cancel-task.ts";
import { mirrorTasks } from "./mirror-task.ts";

/** What the change of a task should have written already, and somebody may have died before it did. */
export const TASK_HANDLERS: readonly EventHandler[] = [
  {
    // The resource that shows a task's status gets it again.
    name: "resource",
    handle: (ctx, { tasks }) => mirrorTasks({ ctx, tasks }),
  },
  {
    // Replaces a hot copy that an older status left behind, and wakes who waits for the task. Nothing
    // else would write the copy of an ended task; that of a living one is mended by its next write,
    // or forgotten after five minutes.
    name: "hot copy",
    handle: async (ctx, { tasks }) => {
      const ended = tasks.filter((task) => isTerminal(task.status));
      if (ended.length > 0) await cacheTasks({ ctx, tasks: ended });
    },
  },
  {
    // Carries a kill on to the task's children.
    name: "kill of children",
    handle: async (ctx, { tasks }) => {
      for (const task of tasks) {
        if (task.cancel === null || task.status !== "CANCELED") continue;
        await cancelChildren({ ctx, parent: task, actor: task.cancel.requested_by });
      }
    },
  },
];
