import { describe, expect, it } from "vitest";
import { NetworkError, NotFoundError, RateLimitedError, TimeoutError } from "../src/errors.ts";
import { answer, cut, errorOf, fakeWorld, hang, problem } from "./support/fake.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("a failed try", () => {
  it.each([
    ["a lost connection", cut],
    ["429", problem(429, "rate_limited")],
    ["500", problem(500, "internal_error")],
    ["503", problem(503, "store_unavailable")],
    ["a gateway's page", answer(502, "<html>")],
    ["an answer cut off", answer(200, '{"status":')],
  ])("is repeated after %s when twice is the same as once", async (_, trouble) => {
    const { client, got } = fakeWorld([trouble, answer(200, { task_id: "tsk_1" })]);
    expect(await client.tasks.get("tsk_1")).toEqual({ task_id: "tsk_1" });
    expect(got).toHaveLength(2);
  });

  it("is repeated three times, each wait up to twice the one before, from 500 ms", async () => {
    const { client, got, waits } = fakeWorld([cut]);
    expect(await errorOf(client.tasks.list())).toBeInstanceOf(NetworkError);
    expect(got).toHaveLength(4);
    expect(waits()).toEqual([500, 1000, 2000]);
  });

  it("waits anything below that limit, by chance", async () => {
    const { client, waits } = fakeWorld([cut], {}, 0.25);
    await errorOf(client.tasks.list());
    expect(waits()).toEqual([125, 250, 500]);
  });

  it("waits no longer than maxDelay, and is repeated as often as asked", async () => {
    const { client, waits } = fakeWorld([cut], { retry: { maxDelay: 700 } });
    await errorOf(client.tasks.list({}, { retry: 4 }));
    expect(waits()).toEqual([500, 700, 700, 700]);
  });

  it("waits as long as Retry-After says, in seconds or until a date, and no shorter", async () => {
    const date = new Date(9000).toUTCString();
    const { client, waits } = fakeWorld(
      [
        problem(503, "store_unavailable", { "Retry-After": "7" }),
        problem(429, "rate_limited", { "Retry-After": date }),
        answer(200),
      ],
      {},
      0,
    );
    await client.tasks.get("tsk_1");
    expect(waits()).toEqual([7000, 2000]);
  });

  it("is final when Retry-After is more than maxRetryAfter, and says how long", async () => {
    const { client, got } = fakeWorld([problem(429, "rate_limited", { "Retry-After": "61" })]);
    const error = await errorOf(client.tasks.get("tsk_1"));
    expect(error).toBeInstanceOf(RateLimitedError);
    expect(error).toMatchObject({ retryAfter: 61_000, requestId: "req-1", status: 429 });
    expect(got).toHaveLength(1);
  });

  it("with a Retry-After that says nothing waits as without one", async () => {
    const trouble = problem(503, "store_unavailable", { "Retry-After": "soon" });
    const { client, waits } = fakeWorld([trouble, answer(200)]);
    await client.tasks.get("tsk_1");
    expect(waits()).toEqual([500]);
  });

  it("is not repeated when that might do it twice", async () => {
    const { client, got } = fakeWorld([cut]);
    await errorOf(client.buckets.create({ name: "b" }));
    await errorOf(client.tasks.killMany({ status: "PENDING" }));
    expect(got).toHaveLength(2);
  });

  it("is not repeated when the request is at fault", async () => {
    const { client, got } = fakeWorld([problem(404, "not_found")]);
    await errorOf(client.tasks.get("tsk_1"));
    expect(got).toHaveLength(1);
  });

  it("of a submission is repeated with the same Idempotency-Key; another call has another", async () => {
    const { client, got } = fakeWorld([cut, cut, answer(202), answer(202)]);
    await client.batches.submit("bkt_1", "batch_1");
    await client.tasks.create({ task_type: "own.work", input: {} });
    const keys = got.map(({ headers }) => headers.get("Idempotency-Key"));
    expect(keys[0]).toMatch(UUID);
    expect(keys.slice(0, 3)).toEqual([keys[0], keys[0], keys[0]]);
    expect(keys[3]).toMatch(UUID);
    expect(keys[3]).not.toBe(keys[0]);
  });

  it("of a submission keeps the caller's own key", async () => {
    const { client, got } = fakeWorld([cut, answer(202)]);
    await client.schedules.run("sch_1", { idempotencyKey: "order-17" });
    expect(got.map(({ headers }) => headers.get("Idempotency-Key"))).toEqual([
      "order-17",
      "order-17",
    ]);
  });

  it("of many submissions is repeated with a key in each row that had none", async () => {
    const { client, got } = fakeWorld([cut, answer(200)]);
    const submission = { kind: "task", task_type: "own.work", input: {} } as const;
    await client.submissions.create({
      submissions: [{ submission }, { submission, idempotency_key: "mine" }],
    });
    expect(got[0]?.body).toMatchObject({
      submissions: [
        { submission, idempotency_key: expect.stringMatching(UUID) },
        { idempotency_key: "mine" },
      ],
    });
    expect(got[1]?.body).toEqual(got[0]?.body);
  });

  it("of a deletion may have been carried out: not found is then what was wanted", async () => {
    const { client } = fakeWorld([cut, problem(404, "not_found")]);
    expect(await client.buckets.delete("bkt_1")).toBeUndefined();
  });

  it("that wasn't lost leaves a deletion's not found as it is", async () => {
    const { client } = fakeWorld([problem(404, "not_found")]);
    expect(await errorOf(client.buckets.delete("bkt_1"))).toBeInstanceOf(NotFoundError);
  });
});

describe("a try", () => {
  it("ends after its time-out, and the next has its own", async () => {
    const { client, waits } = fakeWorld([hang, hang, answer(200)], { timeout: 4000 });
    await client.tasks.get("tsk_1");
    expect(waits()).toEqual([4500, 5000]);
  });

  it("that is the last one and takes too long is a TimeoutError", async () => {
    const { client } = fakeWorld([hang], { retry: 0 });
    const error = await errorOf(client.tasks.get("tsk_1", { timeout: 10 }));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ code: "timeout", status: null, requestId: null });
  });

  it("ends at once when the caller aborts, with the caller's reason", async () => {
    const { client, got } = fakeWorld([hang]);
    const controller = new AbortController();
    const reason = new Error("the user left");
    const call = client.tasks.get("tsk_1", { signal: controller.signal });
    controller.abort(reason);
    expect(await errorOf(call)).toBe(reason);
    expect(got).toHaveLength(1);
  });

  it("is not even begun with a signal that is aborted already", async () => {
    const { client, got } = fakeWorld([answer(200)]);
    const signal = AbortSignal.abort("gone");
    expect(await errorOf(client.tasks.get("tsk_1", { signal }))).toBe("gone");
    expect(got).toEqual([]);
  });

  it("waiting for its turn ends at the abort too", async () => {
    const { client, got, runtime } = fakeWorld([cut]);
    const controller = new AbortController();
    runtime.timer(100, () => controller.abort("enough"));
    expect(await errorOf(client.tasks.get("tsk_1", { signal: controller.signal }))).toBe("enough");
    expect(got).toHaveLength(1);
  });
});
