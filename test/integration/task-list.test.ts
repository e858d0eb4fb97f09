import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { Task, type TaskListRequest } from "../../src/contract/task.ts";
import type { Api } from "../support/api.ts";
import { getTask, holdJobs, makeBatch, sentence, submit, untilEnded } from "../support/fixtures.ts";
import { expectProblem } from "../support/problems.ts";
import { startWorld, type World } from "../support/world.ts";

const Page = z.object({
  results: z.array(Task),
  pagination: z.object({ next_cursor: z.string().nullable() }),
});

let world: World;
let api: Api;
/** Every task of the namespace, the oldest first: three COMPLETED, one SKIPPED, one FAILED, two CANCELED. */
let all: readonly Task[];

beforeAll(async () => {
  world = await startWorld();
  api = await world.inNamespace("listed");
  const tasks: Task[] = [];
  for (const texts of [[sentence(1)], [], [sentence(2)], [" ", " "], [sentence(3)]]) {
    const { task_id } = await submit(api, await makeBatch(api, texts));
    tasks.push(await untilEnded(api, task_id));
  }
  holdJobs(world);
  for (let index = 0; index < 2; index += 1) {
    const { task_id } = await submit(api, await makeBatch(api, [sentence(index)]));
    await api.delete(`/v1/tasks/${task_id}`).expect(202);
    tasks.push(await getTask(api, task_id));
  }
  all = tasks;
});
afterAll(() => world.close());

async function found(request: TaskListRequest, limit = 200, caller = api): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null | undefined;
  do {
    const body = { ...request, limit, ...(cursor && { cursor }) };
    const page = Page.parse((await caller.post("/v1/tasks/list", body).expect(200)).body);
    ids.push(...page.results.map((task) => task.task_id));
    cursor = page.pagination.next_cursor;
  } while (cursor !== null);
  return ids;
}

type Filter = {
  readonly field: keyof TaskListRequest;
  readonly name: string;
  readonly request: () => TaskListRequest;
  readonly lets: (task: Task) => boolean;
};

const at = (index: number) => all[index]?.created_at ?? "";
const resourceOf = (task: Task | undefined) => String(task?.additional_data["batch_id"]);

const FILTERS: readonly Filter[] = [
  {
    field: "status",
    name: "status",
    request: () => ({ status: "COMPLETED" }),
    lets: ({ status }) => status === "COMPLETED",
  },
  {
    field: "status",
    name: "statuses",
    request: () => ({ status: ["CANCELED", "SKIPPED"] }),
    lets: ({ status }) => status === "CANCELED" || status === "SKIPPED",
  },
  {
    field: "task_type",
    name: "task_type",
    request: () => ({ task_type: "api_buckets_batches_process" }),
    lets: () => true,
  },
  {
    field: "task_type",
    name: "task_types that are no task's",
    request: () => ({ task_type: ["engine_cluster_build", "x"] }),
    lets: () => false,
  },
  {
    field: "created_at",
    name: "created_at from",
    request: () => ({ created_at: { gte: at(2) } }),
    lets: ({ created_at }) => created_at >= at(2),
  },
  {
    field: "created_at",
    name: "created_at before",
    request: () => ({ created_at: { lt: at(5) } }),
    lets: ({ created_at }) => created_at < at(5),
  },
  {
    field: "created_at",
    name: "created_at between",
    request: () => ({ created_at: { gte: at(1), lt: at(4) } }),
    lets: ({ created_at }) => created_at >= at(1) && created_at < at(4),
  },
  {
    field: "resource_id",
    name: "resource_id",
    request: () => ({ resource_id: resourceOf(all[2]) }),
    lets: (task) => resourceOf(task) === resourceOf(all[2]),
  },
  {
    field: "resource_id",
    name: "resource_ids",
    request: () => ({ resource_id: all.slice(0, 4).map((task) => resourceOf(task)) }),
    lets: (task) => all.slice(0, 4).includes(task),
  },
  {
    field: "parent_task_id",
    name: "parent_task_id",
    request: () => ({ parent_task_id: all[0]?.task_id ?? "" }),
    lets: () => false,
  },
  {
    field: "tags",
    name: "tags",
    request: () => ({ tags: ["nightly", "hourly"] }),
    lets: () => false,
  },
  {
    field: "namespace",
    name: "namespace",
    request: () => ({ namespace: "listed" }),
    lets: () => true,
  },
];

const PAIRS = FILTERS.flatMap((one, index) =>
  FILTERS.slice(index + 1)
    .filter((other) => other.field !== one.field)
    .map((other) => ({ one, other, names: `${one.name} and ${other.name}` })),
);

describe("a list of tasks", () => {
  it("has what a poll has, the newest first, or the oldest when asked", async () => {
    const ids = all.map((task) => task.task_id);
    expect(await found({})).toEqual(ids.toReversed());
    expect(await found({ sort: "created_at" }, 2)).toEqual(ids);
    expect(await found({ sort: "-created_at" }, 3)).toEqual(ids.toReversed());
    const { body } = await api.post("/v1/tasks/list", { sort: "created_at" }).expect(200);
    expect(Page.parse(body).results).toEqual(all);
    expect(all.map((task) => task.status)).toEqual([
      "COMPLETED",
      "SKIPPED",
      "COMPLETED",
      "FAILED",
      "COMPLETED",
      "CANCELED",
      "CANCELED",
    ]);
  });

  it.each(FILTERS)("by $name has those and no others, on pages of any size", async (filter) => {
    const expected = all.filter((task) => filter.lets(task)).map((task) => task.task_id);
    for (const limit of [1, 3, 200]) {
      expect(await found({ ...filter.request(), sort: "created_at" }, limit)).toEqual(expected);
    }
  });

  it.each(PAIRS)("by $names has those that both let through", async ({ one, other }) => {
    const expected = all.filter((task) => one.lets(task) && other.lets(task));
    const request = { ...one.request(), ...other.request() };
    expect(await found(request, 2)).toEqual(expected.map((task) => task.task_id).toReversed());
  });

  it("is of the header's namespace, of the body's, or of several; of neither it is refused", async () => {
    const other = await world.inNamespace("listed-too");
    const batch = await makeBatch(other, [sentence(1)]);
    const { task_id } = await submit(other, batch);
    expect(await found({}, 200, other)).toEqual([task_id]);
    expect(await found({ namespace: "listed-too" })).toEqual([task_id]);
    expect(await found({ namespace: "listed-too" }, 200, world.api)).toEqual([task_id]);
    const both = await found({ namespace: ["listed", "listed-too"] }, 2, world.api);
    expect(both).toEqual([task_id, ...all.map((task) => task.task_id).toReversed()]);
    expectProblem(await world.api.post("/v1/tasks/list", {}), 400, "namespace_required");
    const request = { namespace: ["listed", "nowhere"] };
    expectProblem(await world.api.post("/v1/tasks/list", request), 404, "not_found");
  });

  it("with a key sees only the key's namespaces, by header and by body", async () => {
    const made = await world.api
      .post("/v1/keys", { name: "k", namespaces: ["listed-too"] })
      .expect(201);
    const key = world.api.as({ key: String(made.body["key"]) });
    expect(await found({ namespace: "listed-too" }, 200, key)).toHaveLength(1);
    for (const namespace of ["listed", ["listed-too", "listed"]]) {
      expectProblem(await key.post("/v1/tasks/list", { namespace }), 404, "not_found");
    }
    const byHeader = key.as({ namespace: "listed" });
    expectProblem(await byHeader.post("/v1/tasks/list", {}), 404, "not_found");
  });
});
