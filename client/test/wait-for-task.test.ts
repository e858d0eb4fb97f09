import { describe, expect, it } from "vitest";
import {
  DeadlineError,
  NotFoundError,
  TaskFailedError,
  UnauthenticatedError,
  UnavailableError,
} from "../src/errors.ts";
import { answer, cut, errorOf, fakeWorld, problem, type Reply } from "./support/fake.ts";

let version = 0;

/** A task as the service answers it, at once. */
function task(status: string, more: object = {}, afterMs = 0, headers = {}): Reply {
  version += 1;
  const body = { task_id: "tsk_1", status, error_message: null, version, ...more };
  return answer(200, body, { ETag: `"v${version}"`, ...headers }, afterMs);
}

const unchanged = (headers: Record<string, string> = {}, afterMs = 0) =>
  answer(304, "", headers, afterMs);
const applied = { "Preference-Applied": "wait=25" };
const batch = (status: string) => answer(200, { batch_id: "b", status, error_message: null });
const gone = problem(404, "not_found");

describe("a wait for a task", () => {
  it.each(["COMPLETED", "CANCELED", "SKIPPED"])(
    "answers the task once it is %s",
    async (status) => {
      const { client, got } = fakeWorld([task("PENDING"), task("PROCESSING"), task(status)]);
      expect(await client.waitForTask("tsk_1")).toMatchObject({ task_id: "tsk_1", status });
      expect(got).toHaveLength(3);
    },
  );

  it("throws TaskFailedError with its error_message and code when it FAILED", async () => {
    const last = { code: "object_unreadable", message: "no text" };
    const { client } = fakeWorld([task("FAILED", { error_message: "no text", last_error: last })]);
    const error = await errorOf(client.waitForTask("tsk_1"));
    expect(error).toBeInstanceOf(TaskFailedError);
    expect(error).toMatchObject({
      message: "no text",
      code: "object_unreadable",
      task: { status: "FAILED" },
    });
  });

  it("asks the service to hold each poll, and only for what is new", async () => {
    const { client, got } = fakeWorld([task("PENDING"), unchanged(), task("COMPLETED")]);
    await client.waitForTask("tsk_1", { wait: 40 });
    expect(got.map(({ headers }) => headers.get("Prefer"))).toEqual([
      "wait=40",
      "wait=40",
      "wait=40",
    ]);
    expect(got[0]?.headers.get("If-None-Match")).toBeNull();
    expect(got[1]?.headers.get("If-None-Match")).toBe(`"v${version - 1}"`);
  });

  it("asks again at once when the service held the poll", async () => {
    const { client, waits } = fakeWorld([
      unchanged(applied, 25_000),
      task("PROCESSING", {}, 12_000, applied),
      task("COMPLETED", {}, 3000, applied),
    ]);
    await client.waitForTask("tsk_1");
    expect(waits()).toEqual([25_000, 12_000]);
  });

  it("takes a poll that lasted as held even when the service doesn't say so", async () => {
    const { client, waits } = fakeWorld([
      unchanged({ "Retry-After": "1" }, 25_000),
      task("PROCESSING", {}, 2000, { "Retry-After": "1" }),
      task("COMPLETED"),
    ]);
    await client.waitForTask("tsk_1");
    expect(waits()).toEqual([25_000, 2000]);
  });

  it("asks once a second at the most while the task changes all the time", async () => {
    const { client, waits } = fakeWorld([
      task("PENDING", {}, 100, applied),
      task("PROCESSING", {}, 300, applied),
      task("COMPLETED"),
    ]);
    await client.waitForTask("tsk_1");
    expect(waits()).toEqual([1000, 1000]);
  });

  it("backs off from 1 s by 1.5 to 30 s when the service answers at once", async () => {
    const polls = Array.from({ length: 11 }, () => unchanged());
    const { client, waits } = fakeWorld([...polls, task("COMPLETED")], {}, 0);
    await client.waitForTask("tsk_1");
    expect(waits().map(Math.round)).toEqual([
      1000, 1500, 2250, 3375, 5063, 7594, 11_391, 17_086, 25_629, 30_000, 30_000,
    ]);
  });

  it("shortens each of these waits by up to a quarter, by chance", async () => {
    const { client, waits } = fakeWorld([unchanged(), unchanged(), task("COMPLETED")], {}, 1);
    await client.waitForTask("tsk_1");
    expect(waits()).toEqual([750, 1125]);
  });

  it("never waits shorter than Retry-After, after an answer or an error", async () => {
    const { client, waits } = fakeWorld([
      unchanged({ "Retry-After": "4" }),
      problem(503, "store_unavailable", { "Retry-After": "9" }),
      task("COMPLETED"),
    ]);
    await client.waitForTask("tsk_1");
    expect(waits()).toEqual([4000, 9000]);
  });

  it("tells of each change once", async () => {
    const { client } = fakeWorld([
      task("PENDING"),
      unchanged(),
      task("PROCESSING", { progress: { completed: 1 } }),
      task("COMPLETED"),
    ]);
    const seen: string[] = [];
    await client.waitForTask("tsk_1", { onProgress: ({ status }) => seen.push(status) });
    expect(seen).toEqual(["PENDING", "PROCESSING", "COMPLETED"]);
  });
});

describe("a task that is not found", () => {
  it("is an error when there is nothing else to follow", async () => {
    const { client } = fakeWorld([gone]);
    expect(await errorOf(client.waitForTask("tsk_1"))).toBeInstanceOf(NotFoundError);
  });

  it("is followed by its resource from then on", async () => {
    const { client, got } = fakeWorld([
      task("PENDING"),
      gone,
      batch("PROCESSING"),
      batch("COMPLETED"),
    ]);
    const ended = await client.waitForTask("tsk_1", {
      resource: () => client.batches.get("bkt_1", "batch_1"),
    });
    expect(ended).toMatchObject({ batch_id: "b", status: "COMPLETED" });
    expect(got.slice(2).map(({ path }) => path)).toEqual([
      "/v1/buckets/bkt_1/batches/batch_1",
      "/v1/buckets/bkt_1/batches/batch_1",
    ]);
  });

  it("whose resource FAILED is a TaskFailedError with the resource's error_message", async () => {
    const failed = answer(200, {
      batch_id: "b",
      status: "FAILED",
      error_message: "no such object",
    });
    const { client } = fakeWorld([gone, failed]);
    const resource = () => client.batches.get("bkt_1", "batch_1");
    expect(await errorOf(client.waitForTask("tsk_1", { resource }))).toMatchObject({
      name: "TaskFailedError",
      message: "no such object",
    });
  });
});

describe("trouble", () => {
  it("is outlasted, with back-off", async () => {
    const { client, waits } = fakeWorld(
      [cut, answer(502, "<html>"), cut, task("COMPLETED")],
      {},
      0,
    );
    await client.waitForTask("tsk_1");
    expect(waits()).toEqual([1000, 1500, 2250]);
  });

  it("is thrown after five minutes without a break when there is no deadline", async () => {
    const { client, got } = fakeWorld([problem(503, "store_unavailable")], {}, 0);
    expect(await errorOf(client.waitForTask("tsk_1"))).toBeInstanceOf(UnavailableError);
    expect(got.at(-1)?.at).toBeGreaterThanOrEqual(300_000);
    expect(got.at(-1)?.at).toBeLessThan(331_000);
  });

  it("that is the request's fault is thrown at once", async () => {
    const { client, got } = fakeWorld([problem(401, "unauthenticated")]);
    expect(await errorOf(client.waitForTask("tsk_1"))).toBeInstanceOf(UnauthenticatedError);
    expect(got).toHaveLength(1);
  });
});

describe("the deadline", () => {
  it("ends the wait, with the task as it was last seen, after a last look", async () => {
    const { client, got, runtime } = fakeWorld([task("PROCESSING"), unchanged()], {}, 0);
    const error = await errorOf(client.waitForTask("tsk_1", { deadline: 10_000 }));
    expect(error).toBeInstanceOf(DeadlineError);
    expect(error).toMatchObject({ code: "deadline_passed", task: { status: "PROCESSING" } });
    expect(runtime.now()).toBe(10_000);
    expect(got.at(-1)?.at).toBe(9000);
  });

  it("may be a time, and is kept to while a poll hangs", async () => {
    const { client, runtime } = fakeWorld([{ kind: "hang" }]);
    const error = await errorOf(client.waitForTask("tsk_1", { deadline: new Date(7000) }));
    expect(error).toMatchObject({
      name: "DeadlineError",
      task: null,
      cause: { name: "TimeoutError" },
    });
    expect(runtime.now()).toBe(7000);
  });

  it("is the longest that the service is asked to hold a poll", async () => {
    const { client, got } = fakeWorld([task("COMPLETED")]);
    await client.waitForTask("tsk_1", { deadline: 5500 });
    expect(got[0]?.headers.get("Prefer")).toBe("wait=5");
  });
});

describe("the signal", () => {
  it("ends a held poll and a wait between polls, with its reason", async () => {
    for (const reply of [{ kind: "hang" } as const, unchanged()]) {
      const { client, runtime } = fakeWorld([reply]);
      const controller = new AbortController();
      runtime.timer(600, () => controller.abort("enough"));
      const wait = client.waitForTask("tsk_1", { signal: controller.signal });
      expect(await errorOf(wait)).toBe("enough");
      expect(runtime.now()).toBe(600);
    }
  });
});
