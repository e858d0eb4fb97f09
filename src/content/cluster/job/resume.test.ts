import { describe, expect, test } from "vitest";
import { buildCluster, type ClusterState } from "./build-cluster.ts";
import type { Context } from "./phase.ts";
import {
  resultOf,
  run,
  stateOf,
  subjects,
  threeSubjects,
  world,
  type World,
} from "../../../../test/jobs/cluster-world.ts";

/** Enough for two shards, three pages of assignment and two collections. */
const large = () => world([subjects(4, 500), subjects(4, 30)], { cluster: { k: 4 } });

/** The world's context, in which something is done otherwise. */
function altered(
  ctx: Context,
  change: (stores: Context["stores"]["clustering"]) => object,
): Context {
  const { clustering } = ctx.stores;
  return {
    ...ctx,
    stores: { ...ctx.stores, clustering: { ...clustering, ...change(clustering) } },
  };
}

/** A context that dies at its n-th write, before it or after it. */
function dyingAt(ctx: Context, write: number, lost: "write" | "answer"): Context {
  let writes = 0;
  async function deadly(doIt: () => Promise<void>): Promise<void> {
    writes += 1;
    if (writes === write && lost === "write") throw new Error("the machine stopped");
    await doIt();
    if (writes === write) throw new Error("the machine stopped");
  }
  return altered(ctx, ({ models, documents }) => ({
    models: {
      ...models,
      advance: (...args: Parameters<typeof models.advance>) =>
        deadly(() => models.advance(...args)),
      writeParts: (...args: Parameters<typeof models.writeParts>) =>
        deadly(() => models.writeParts(...args)),
      removeRun: (...args: Parameters<typeof models.removeRun>) =>
        deadly(() => models.removeRun(...args)),
    },
    documents: {
      ...documents,
      assign: (...args: Parameters<typeof documents.assign>) =>
        deadly(() => documents.assign(...args)),
    },
  }));
}

describe("a run of a cluster", () => {
  test("a step that two runners do at once, or that is done again, changes nothing", async () => {
    const once = large();
    const outcome = await run(once);
    const twice = large();
    expect(await run(twice, { times: 2 })).toEqual(outcome);
    expect(resultOf(twice)).toEqual(resultOf(once));
    const again = large();
    expect(await run(again, { dying: () => again.ctx })).toEqual(outcome);
    expect(resultOf(again)).toEqual(resultOf(once));
  });

  test("a crash at every step, before or after each of its writes, changes nothing", async () => {
    const undisturbed = large();
    await run(undisturbed);
    for (const write of [1, 2]) {
      for (const lost of ["write", "answer"] as const) {
        const at = large();
        const outcome = await run(at, { dying: () => dyingAt(at.ctx, write, lost) });
        expect(outcome.kind).toBe("done");
        expect(resultOf(at)).toEqual(resultOf(undisturbed));
      }
    }
  });

  test("a checkpoint that is behind catches up, at whatever step, and changes nothing", async () => {
    const undisturbed = large();
    await run(undisturbed);
    const steps = undisturbed.models.get("tsk_5")?.step ?? 0;
    expect(steps).toBeGreaterThan(20);
    for (let at = 1; at <= steps; at += 9) {
      const rewound = large();
      await run(rewound, { rewind: { at, by: 7 } });
      expect(resultOf(rewound)).toEqual(resultOf(undisturbed));
    }
  });

  test("a runner taken for dead that goes on from long ago changes nothing", async () => {
    const undisturbed = large();
    await run(undisturbed);
    const at = large();
    const past: { state: ClusterState; model: ReturnType<World["models"]["get"]> }[] = [];
    const zombies: Promise<unknown>[] = [];
    await run(at, {
      between: (step, state) => {
        past.push({ state, model: at.models.get("tsk_5") });
        const old = past[step - 3];
        if (old?.model === undefined) return;
        const { model } = old;
        const zombie = altered(at.ctx, ({ models }) => ({
          models: {
            ...models,
            read: async (taskId: string, parts: Parameters<typeof models.read>[1]) => {
              const found = await models.read(taskId, parts);
              return found && { ...found, model };
            },
          },
        }));
        zombies.push(buildCluster.advance(old.state, zombie).catch(() => null));
      },
    });
    await Promise.all(zombies);
    expect(zombies.length).toBeGreaterThan(10);
    expect(resultOf(at)).toEqual(resultOf(undisturbed));
  });

  test("the same task started again finds its run and goes on with it", async () => {
    const at = threeSubjects();
    const first = await buildCluster.start({ cluster_id: at.ctx.resource._id }, at.ctx);
    await buildCluster.advance(stateOf(first), at.ctx);
    await run(at);
    const undisturbed = threeSubjects();
    await run(undisturbed);
    expect(resultOf(at)).toEqual(resultOf(undisturbed));
  });

  test("its checkpoint stays small, whatever k is", async () => {
    const at = world([subjects(64, 40)], { cluster: { k: 1000 } });
    await run(at, {
      between: (_step, state) => expect(JSON.stringify(state).length).toBeLessThan(300),
    });
    expect(at.models.get("tsk_5")?.centroids).toHaveLength(1000 * 8);
  });
});
