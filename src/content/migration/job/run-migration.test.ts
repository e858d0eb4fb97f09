import { describe, expect, it } from "vitest";
import { COPIED_KINDS } from "../copied-kinds.ts";
import { createIdMap } from "../id-map.ts";
import { mapRow } from "./map-row.ts";
import { runMigration } from "./run-migration.ts";
import { newId } from "../../../../test/jobs/job-parts.ts";
import {
  Crash,
  drop,
  fill,
  isCopied,
  makeWorld,
  MIGRATION,
  put,
  rowsOf,
  run,
  SOURCE,
  TARGET,
  type World,
} from "../../../../test/jobs/migration-world.ts";

/** What the target has to hold: the copies of the source's rows, and nothing else. */
async function expectSame(made: World): Promise<void> {
  const ids = await createIdMap(MIGRATION);
  const source = rowsOf(made, SOURCE);
  const target = rowsOf(made, TARGET);
  for (const kind of COPIED_KINDS) {
    const rows = (source[kind.name] ?? []).filter((row) => isCopied(kind, row));
    const copies = await Promise.all(rows.map((row) => mapRow(kind, row, ids, TARGET)));
    const inOrder = copies.toSorted((one, other) => (one._id < other._id ? -1 : 1));
    expect(target[kind.name], kind.name).toEqual(inOrder);
  }
}

/** Calls for each kind, as `page buckets`. */
const each = (...verbs: readonly string[]) =>
  COPIED_KINDS.flatMap(({ name }) => verbs.map((verb) => `${verb} ${name}`));

const oneOfEach = Object.fromEntries(COPIED_KINDS.map(({ name }) => [name, 1]));

const writes = (made: World) => made.calls.filter((call) => /^(write|insert|remove)/.test(call));

describe("a run", () => {
  it("copies and verifies every kind, in steps of one read and one write, then puts the target in service", async () => {
    const made = makeWorld();
    await fill(made, 3);
    const outcome = await run(made);
    expect(outcome).toMatchObject({
      kind: "done",
      progress: { completed: 11, total: 11, unit: "rows", message: null },
      state: { copied: { ...oneOfEach, objects: 3, documents: 3 } },
    });
    expect(made.namespaces.get(TARGET)).toMatchObject({ status: "ACTIVE", name: "target" });
    await expectSame(made);
  });

  it("leaves a run that is under way alone, with its lists of documents, on both sides", async () => {
    const made = makeWorld();
    await fill(made, 1);
    const ofRun = { cluster_id: newId("cluster"), task_id: newId("task") };
    put(made, "cluster_models", { ...ofRun, _id: ofRun.task_id, kind: "model", phase: "train" });
    put(made, "cluster_models", { ...ofRun, _id: `${ofRun.task_id}.shard.0`, kind: "shard" });
    expect(await run(made)).toMatchObject({ state: { copied: { cluster_models: 1 } } });
    expect(rowsOf(made, SOURCE)["cluster_models"]).toHaveLength(3);
    expect(rowsOf(made, TARGET)["cluster_models"]).toHaveLength(1);
    await expectSame(made);
  });

  it("costs two operations for each page that it copies and three for each that it verifies", async () => {
    const made = makeWorld();
    await fill(made, 3);
    made.now = new Date(made.now.getTime() + 3_600_000);
    await run(made);
    expect(made.calls).toEqual([
      "find namespaces",
      ...each("count"),
      "find namespaces",
      "insert namespaces",
      ...each("page", "write"),
      // Looks for late writes, and finds none.
      ...each("outline"),
      ...each("page", "page", "existing"),
      "update migrations",
      "activate namespaces",
    ]);
  });

  it("repeats no write and leaves the same target when every step runs three times", async () => {
    const made = makeWorld();
    made.pageLimit = 2;
    await fill(made, 7);
    expect((await run(made, { times: 3 })).kind).toBe("done");
    await expectSame(made);
  });

  it("that is cut off before or after any of its calls leaves the same target in the end", async () => {
    const clean = makeWorld();
    await fill(clean, 3);
    await run(clean);
    for (const phase of ["before", "after"] as const) {
      for (let at = 0; at < clean.calls.length; at += 1) {
        const made = makeWorld();
        await fill(made, 3);
        made.watch = (_, now) => {
          if (now === phase && made.calls.length === at + 1) throw new Crash();
        };
        expect((await run(made)).kind).toBe("done");
        await expectSame(made);
      }
    }
  });

  it("writes nothing before a kill is refused, and refuses one from then on", async () => {
    const made = makeWorld();
    await fill(made, 1);
    const refused: boolean[] = [];
    let outcome = await runMigration.start({ migration_id: MIGRATION }, made.ctx);
    while (outcome.kind === "next") {
      refused.push(outcome.killRefusal !== undefined);
      if (!refused.at(-1)) expect(writes(made)).toEqual([]);
      outcome = await runMigration.advance(outcome.state, made.ctx);
      if (refused.length === 1) expect(writes(made)).toEqual([]);
    }
    expect(refused[0]).toBe(false);
    expect(refused.slice(1)).not.toContain(false);
  });

  it("onto what an earlier run left behind takes away what the source has no longer", async () => {
    const made = makeWorld();
    await fill(made, 4);
    await run(made);
    made.namespaces.set(TARGET, { ...(made.namespaces.get(TARGET) ?? never()), status: "DRAFT" });
    for (const kind of ["objects", "documents"]) {
      drop(made, kind, rowsOf(made, SOURCE)[kind]?.[0]?._id ?? "");
    }
    const again = await run(made);
    expect(again).toMatchObject({ kind: "done", state: { copied: { objects: 3, documents: 3 } } });
    await expectSame(made);
  });

  it("finds a target that was put in service by a run that died just then, and ends", async () => {
    const made = makeWorld();
    made.namespaces.set(TARGET, {
      ...(made.namespaces.get(SOURCE) ?? never()),
      _id: TARGET,
      name: "target",
    });
    const resource = { ...made.ctx.resource, copied: { buckets: 2 } };
    const outcome = await run({ ...made, ctx: { ...made.ctx, resource } });
    expect(outcome).toMatchObject({ kind: "done", state: { copied: { buckets: 2 }, total: 2 } });
  });
});

describe("late writes", () => {
  it("of three passes are copied by the next one, and only what has changed is read whole", async () => {
    const made = makeWorld();
    await fill(made, 3);
    made.now = new Date(made.now.getTime() + 3_600_000);
    let pass = 1;
    await run(made, {
      afterStep: (state) => {
        if (state.pass === pass || pass > 3) return;
        pass = state.pass;
        put(made, "buckets", { _id: newId("bucket"), name: `late-${pass}` });
      },
    });
    await expectSame(made);
    expect(made.calls.filter((call) => call === "pick buckets")).toHaveLength(3);
    expect(made.calls).not.toContain("pick objects");
  });

  it("that change what was copied, or are many, are copied in steps that end", async () => {
    const made = makeWorld();
    made.pageLimit = 3;
    await fill(made, 10);
    let isDone = false;
    await run(made, {
      afterStep: ({ phase }) => {
        if (phase !== "late" || isDone) return;
        isDone = true;
        for (const row of rowsOf(made, SOURCE)["documents"] ?? []) {
          put(made, "documents", { ...row, text: "changed" });
        }
      },
    });
    await expectSame(made);
  });

  it("after the last pass fail the verification once, and are copied by another pass of that kind", async () => {
    const made = makeWorld();
    await fill(made, 2);
    let isDone = false;
    const outcome = await run(made, {
      afterStep: ({ phase, kind }) => {
        if (phase !== "sum_source" || kind !== "objects" || isDone) return;
        isDone = true;
        const [object] = rowsOf(made, SOURCE)["objects"] ?? [];
        put(made, "objects", { ...(object ?? never()), _id: newId("object"), key: "late" });
      },
    });
    expect(outcome).toMatchObject({
      kind: "done",
      state: { recopied: ["objects"], copied: { objects: 3 } },
    });
    await expectSame(made);
  });

  it("that come during both verifications end in FAILED with both sides' sums, out of service", async () => {
    const made = makeWorld();
    await fill(made, 2);
    const outcome = await run(made, {
      afterStep: ({ phase, kind }) => {
        if (phase !== "sum_source" || kind !== "buckets") return;
        put(made, "buckets", { _id: newId("bucket"), name: `late-${made.calls.length}` });
      },
    });
    expect(outcome).toMatchObject({
      kind: "fail",
      code: "verification_failed",
      details: { kind: "buckets", source: { count: 3 }, target: { count: 2 } },
    });
    expect(made.namespaces.get(TARGET)?.status).toBe("DRAFT");
    expect((await run(made)).kind).toBe("done");
    await expectSame(made);
  });

  it("that change a copy and not its row are found by the verification and mended", async () => {
    const made = makeWorld();
    await fill(made, 2);
    let isDone = false;
    await run(made, {
      afterStep: ({ phase }) => {
        if (phase !== "sum_source" || isDone) return;
        isDone = true;
        const [copy] = rowsOf(made, TARGET)["documents"] ?? [];
        made.rows["documents"]?.set(copy?._id ?? "", { ...(copy ?? never()), text: "other" });
      },
    });
    expect(isDone).toBe(true);
    await expectSame(made);
  });
});

describe("a name that changes hands", () => {
  it("while it is copied belongs to the new row in the target too", async () => {
    const made = makeWorld();
    await fill(made, 2);
    const [old] = rowsOf(made, SOURCE)["buckets"] ?? [];
    let isDone = false;
    const outcome = await run(made, {
      afterStep: ({ phase }) => {
        if (phase !== "late" || isDone) return;
        isDone = true;
        drop(made, "buckets", old?._id ?? "");
        put(made, "buckets", { _id: newId("bucket"), name: old?.["name"] });
      },
    });
    expect(outcome).toMatchObject({ kind: "done", state: { conflicts: 1 } });
    await expectSame(made);
  });

  it("for ever ends in FAILED", async () => {
    const made = makeWorld();
    await fill(made, 1);
    const [bucket] = rowsOf(made, SOURCE)["buckets"] ?? [];
    // A row of the target that no row of the source accounts for, made again and again.
    made.watch = (call, phase) => {
      if (call !== "write buckets" || phase !== "before") return;
      const _id = newId("bucket");
      made.rows["buckets"]?.set(_id, { ...(bucket ?? never()), _id, namespace_id: TARGET });
    };
    await expect(run(made)).rejects.toMatchObject({ code: "copy_conflict" });
  });
});

describe("the name of the target", () => {
  it("that another namespace has is refused, when it plans and when it begins", async () => {
    const made = makeWorld();
    const taken = { ...(made.namespaces.get(SOURCE) ?? never()), _id: "other", name: "target" };
    made.namespaces.set("other", taken);
    expect(await run(made)).toMatchObject({ kind: "fail", code: "target_name_taken" });
    made.namespaces.delete("other");
    const late = await run(made, {
      afterStep: ({ phase }) => {
        if (phase === "target") made.namespaces.set("other", taken);
      },
    });
    expect(late).toMatchObject({ kind: "fail", code: "target_name_taken" });
    expect(rowsOf(made, TARGET)).toMatchObject({ buckets: [], objects: [] });
  });
});

function never(): never {
  throw new Error("it is not there");
}
