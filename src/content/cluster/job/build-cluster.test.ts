import { describe, expect, test } from "vitest";
import type { Progress } from "../../../contract/task.ts";
import { buildCluster, type ClusterState } from "./build-cluster.ts";
import { maxAutoK } from "./limits.ts";
import {
  resultOf,
  run,
  stateOf,
  subjects,
  threeSubjects,
  world,
  type World,
} from "../../../../test/jobs/cluster-world.ts";

/** The same world, with another task at work. */
const of = (at: World, taskId: string, shown: string | null): World => ({
  ...at,
  ctx: { ...at.ctx, taskId, resource: { ...at.ctx.resource, result_task_id: shown } },
});

/** What a run throws; null when it comes to an end. */
const failure = (at: World, disturbance = {}) =>
  run(at, disturbance).then(
    () => null,
    (error: unknown) => error,
  );

describe("engine_cluster_build", () => {
  test("gives every document its subject's cluster, with the subject's terms", async () => {
    const at = threeSubjects();
    const outcome = await run(at);
    expect(outcome).toMatchObject({ kind: "done", progress: { completed: 60, total: 60 } });
    const { model, marks } = resultOf(at);
    expect(model).toMatchObject({ phase: "done", assigned: 60, sizes: [20, 20, 20], k: 3 });
    expect(model?.silhouette).toBeGreaterThan(0.9);
    for (let subject = 0; subject < 3; subject++) {
      const found = marks.slice(subject * 20, subject * 20 + 20);
      const indexes = new Set(found.map((mark) => mark?.cluster_index));
      expect(indexes.size).toBe(1);
      const [index = -1] = indexes;
      const group = model?.clusters.find((one) => one.cluster_index === index);
      expect(group).toEqual({ cluster_index: index, size: 20, top_terms: [`subject${subject}`] });
    }
    const squares = marks.map((mark) => (mark?.distance ?? 0) ** 2);
    expect(squares.reduce((a, b) => a + b)).toBeCloseTo(model?.inertia ?? 0, 4);
    // What only the run needed is gone.
    expect(at.parts.size).toBe(0);
  });

  test("says how far it is: mini-batches while it trains, documents as they find their place", async () => {
    const { ctx } = world([subjects(3, 700)]);
    let outcome = await buildCluster.start({ cluster_id: ctx.resource._id }, ctx);
    const shown: Progress[] = [];
    while (outcome.kind === "next") {
      shown.push(outcome.progress);
      outcome = await buildCluster.advance(stateOf(outcome), ctx);
    }
    const training = shown.filter(({ message }) => message === "train");
    expect(training.length).toBeGreaterThan(10);
    expect(training).toEqual(
      training.map((_, index) => ({
        completed: index,
        total: 100,
        unit: "mini-batches",
        message: "train",
      })),
    );
    const assigning = shown.filter(({ message }) => message === "assign");
    expect(assigning.map(({ completed }) => completed)).toEqual([0, 1000, 2000]);
    expect(assigning.every(({ total, unit }) => total === 2100 && unit === "documents")).toBe(true);
  });

  test("a seed gives the same result again, and another seed another order", async () => {
    const results = [];
    for (const seed of [1, 1, 2]) {
      const at = threeSubjects({ cluster: { seed } });
      await run(at);
      results.push(resultOf(at));
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]?.model?.centroids).not.toEqual(results[0]?.model?.centroids);
  });
});

describe("auto", () => {
  test.each([2, 5, 8])("finds the number of %i well separated subjects", async (count) => {
    const at = world([subjects(count, 40)], { cluster: { k: "auto" } });
    await run(at);
    expect(at.models.get("tsk_5")).toMatchObject({ k: count, phase: "done" });
  });

  test("considers 2 to 20, no more than the square root of the documents", () => {
    expect([2, 3, 8, 9, 100, 399, 1_000_000].map(maxAutoK)).toEqual([2, 2, 2, 3, 10, 19, 20]);
  });

  test("of two documents makes two clusters", async () => {
    const at = world([subjects(2, 1)], { cluster: { k: "auto" } });
    expect((await run(at)).kind).toBe("done");
    expect(at.models.get("tsk_5")?.sizes).toEqual([1, 1]);
  });
});

describe("what an end leaves", () => {
  test("only a COMPLETED task has outputs, and announces them", async () => {
    const at = threeSubjects();
    const { ctx } = at;
    const state = stateOf(await run(at));
    const data = {
      cluster_id: "clu_1",
      num_clusters: 3,
      documents_assigned: 60,
      inertia: at.models.get("tsk_5")?.inertia,
      silhouette: at.models.get("tsk_5")?.silhouette,
      iterations: at.models.get("tsk_5")?.iterations,
    };
    const type = "cluster.execution.completed";
    expect(buildCluster.conclude(state, "COMPLETED", ctx)).toEqual({
      outputs: [data],
      events: [{ type, data }],
    });
    // Killed when all was done but the end.
    const nothing = { outputs: [], events: [] };
    expect(buildCluster.conclude(state, "CANCELED", ctx)).toEqual(nothing);
  });

  test("a killed or failed run leaves no model, and may be undone twice", async () => {
    const at = threeSubjects();
    const state = stateOf(await run(at));
    await buildCluster.undo?.(state, at.ctx);
    await buildCluster.undo?.(state, at.ctx);
    expect([at.models.size, at.parts.size]).toEqual([0, 0]);
  });
});

describe("runs after each other", () => {
  test("keep the marks and the model of the shown one until the next but one, and no others", async () => {
    const at = threeSubjects();
    const marksOf = () => Object.keys([...at.documents.values()][0]?.marks ?? {});
    await run(of(at, "tsk_1", null));
    // This one is killed among the assignments: nobody sees its marks.
    await run(of(at, "tsk_2", "tsk_1"));
    at.models.delete("tsk_2");
    expect(marksOf()).toEqual(["tsk_1", "tsk_2"]);
    await run(of(at, "tsk_3", "tsk_1"));
    expect(marksOf()).toEqual(["tsk_1", "tsk_3"]);
    expect([...at.models.keys()]).toEqual(["tsk_1", "tsk_3"]);
    await run(of(at, "tsk_4", "tsk_3"));
    expect(marksOf()).toEqual(["tsk_3", "tsk_4"]);
  });

  test("keep what was done but is not known to have completed yet", async () => {
    const at = threeSubjects();
    await run(of(at, "tsk_1", null));
    await run(of(at, "tsk_2", "tsk_1"));
    await run(of(at, "tsk_3", "tsk_1"));
    expect([...at.models.keys()]).toEqual(["tsk_1", "tsk_2", "tsk_3"]);
  });

  test("an older one that waited while a newer one completed is skipped", async () => {
    const outcome = await run(of(threeSubjects(), "tsk_1", "tsk_2"));
    expect(outcome).toEqual({
      kind: "skip",
      reason: "The newer run tsk_2 has results already.",
    });
  });
});

describe("a run that can't succeed", () => {
  test("over no documents is skipped; over fewer than k fails, and says what to do", async () => {
    expect(await run(world([[]]))).toMatchObject({ kind: "skip" });
    expect(await failure(world([subjects(1, 2)]))).toMatchObject({
      code: "too_few_documents",
      message: expect.stringContaining("2 documents; 3 clusters need at least 3"),
    });
    expect(await failure(world([subjects(1, 1)], { cluster: { k: "auto" } }))).toMatchObject({
      code: "too_few_documents",
    });
  });

  test("over documents of which fewer than k differ makes fewer clusters", async () => {
    const at = world([subjects(1, 1).flatMap((one) => [one, one, one, one])]);
    expect((await run(at)).kind).toBe("done");
    expect(at.models.get("tsk_5")?.sizes).toEqual([4]);
    expect(at.models.get("tsk_5")?.silhouette).toBeNull();
  });

  test("fails when a collection is gone, before the start or at any step", async () => {
    const gone = threeSubjects();
    gone.collections.clear();
    expect(await failure(gone)).toMatchObject({ code: "collection_not_found" });
    const whole = threeSubjects();
    await run(whole);
    const steps = whole.models.get("tsk_5")?.step ?? 0;
    for (let last = 0; last < steps; last++) {
      const at = threeSubjects();
      const between = (step: number) => {
        if (step !== last) return;
        at.documents.clear();
        at.collections.clear();
      };
      expect(await failure(at, { between })).toMatchObject({ code: "collection_not_found" });
    }
  });

  test("goes on without documents that are deleted meanwhile", async () => {
    const at = threeSubjects();
    let number = 0;
    const between = (_step: number, { phase }: ClusterState) => {
      const doomed = [...at.documents.keys()][number++];
      if (phase !== "describe" && doomed !== undefined) at.documents.delete(doomed);
    };
    expect((await run(at, { between })).kind).toBe("done");
    expect(at.documents.size).toBeLessThan(57);
    expect(at.models.get("tsk_5")).toMatchObject({ assigned: at.documents.size });
  });

  test("fails over vectors of several embedders, and when its run is deleted under it", async () => {
    const several = world([subjects(2, 5), subjects(2, 5)], { embedders: ["a", "b"] });
    expect(await failure(several)).toMatchObject({ code: "embedders_differ" });
    const at = threeSubjects();
    const between = (step: number) => void (step === 2 && at.models.clear());
    expect(await failure(at, { between })).toMatchObject({ code: "run_gone" });
  });
});
