import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CreatedKey, Key } from "../../src/contract/key.ts";
import { TaskHistory } from "../../src/contract/task.ts";
import type { Api } from "../support/api.ts";
import { makeBatch, sentence, submit } from "../support/fixtures.ts";
import { everythingIn } from "../support/populated.ts";
import { expectProblem } from "../support/problems.ts";
import { startKillableWorld, type KillableWorld } from "../support/world.ts";

let world: KillableWorld;
beforeAll(async () => {
  world = await startKillableWorld();
});
afterAll(() => world.close());

type Made = { readonly key: CreatedKey; readonly as: (namespace: string) => Api };

async function makeKey(namespaces: readonly string[], expiresAt?: Date): Promise<Made> {
  const request = {
    name: "ci",
    namespaces,
    ...(expiresAt && { expires_at: expiresAt.toISOString() }),
  };
  const key = CreatedKey.parse((await world.api.post("/v1/keys", request).expect(201)).body);
  return { key, as: (namespace) => world.api.as({ key: key.key, namespace }) };
}

describe("a key", () => {
  it("is shown once, in an answer that no cache keeps; later answers have only its record", async () => {
    await world.inNamespace("shown");
    const request = { name: "ci", namespaces: ["shown", "shown"] };
    const answer = await world.api.post("/v1/keys", request).expect(201);
    expect(answer.headers.get("Cache-Control")).toBe("no-store");
    const made = CreatedKey.parse(answer.body);
    expect(made.key).toMatch(/^wb_[A-Za-z0-9_-]{43}$/);
    expect(made.namespace_ids).toHaveLength(1);
    const record = await world.api.get(`/v1/keys/${made.key_id}`).expect(200);
    expect(Key.strict().parse(record.body)).toMatchObject({ name: "ci", expires_at: null });
    const list = await world.api.post("/v1/keys/list", {}).expect(200);
    expect(list.text).toContain(made.key_id);
    for (const { text } of [record, list]) expect(text).not.toContain(made.key);
  });

  it("works in its namespaces, by name and by id, and its id stands where it acted", async () => {
    await world.inNamespace("mine");
    const { key, as } = await makeKey(["mine"]);
    await as("mine").post("/v1/buckets", { name: "b" }).expect(201);
    await as(key.namespace_ids[0] ?? "")
      .get("/v1/buckets/b")
      .expect(200);
    const batch = await makeBatch(as("mine"), [sentence(1)]);
    const { task_id } = await submit(as("mine"), batch);
    const { body } = await as("mine").get(`/v1/tasks/${task_id}/history`).expect(200);
    expect(TaskHistory.parse(body).entries[0]?.actor).toBe(key.key_id);
  });

  it("finds nothing of another namespace, whose existence it isn't told", async () => {
    await world.inNamespace("theirs");
    await world.inNamespace("ours");
    const { as } = await makeKey(["ours"]);
    const seen = await as("theirs").post("/v1/buckets/list", {});
    const absent = await as("nowhere").post("/v1/buckets/list", {});
    const one = expectProblem(seen, 404, "not_found");
    const other = expectProblem(absent, 404, "not_found");
    expect(one.detail.replace("theirs", "nowhere")).toBe(other.detail);
    // The administrator's visit makes the isolate remember the namespace; that changes nothing.
    await world.api.as({ namespace: "theirs" }).post("/v1/buckets/list", {}).expect(200);
    expectProblem(await as("theirs").post("/v1/buckets/list", {}), 404, "not_found");
    expectProblem(await as("ours").get("/v1/namespaces/theirs"), 404, "not_found");
    const list = await as("ours").post("/v1/namespaces/list", {}).expect(200);
    expect(list.body["results"]).toMatchObject([{ name: "ours" }]);
  });

  it("may not do what is the administrator's, and nothing happens", async () => {
    await world.inNamespace("small");
    const { key, as } = await makeKey(["small"]);
    const caller = as("small");
    for (const answer of [
      await caller.post("/v1/namespaces", { name: "grab" }),
      await caller.delete("/v1/namespaces/small"),
      await caller.post("/v1/keys", { name: "more", namespaces: ["small"] }),
      await caller.post("/v1/keys/list", {}),
      await caller.get(`/v1/keys/${key.key_id}`),
      await caller.delete(`/v1/keys/${key.key_id}`),
    ]) {
      expectProblem(answer, 403, "forbidden");
    }
    expectProblem(await world.api.get("/v1/namespaces/grab"), 404, "not_found");
    await caller.get("/v1/namespaces/small").expect(200);
  });

  it("that is revoked is refused at once by the isolate that revoked it, and after a restart", async () => {
    await world.inNamespace("left");
    const [one, other] = [await makeKey(["left"]), await makeKey(["left"])];
    for (const { as } of [one, other]) await as("left").post("/v1/buckets/list", {}).expect(200);
    await world.api.delete(`/v1/keys/${one.key.key_id}`).expect(204);
    expectProblem(await one.as("left").post("/v1/buckets/list", {}), 401, "unauthenticated");
    await other.as("left").post("/v1/buckets/list", {}).expect(200);
    expectProblem(await world.api.get(`/v1/keys/${one.key.key_id}`), 404, "not_found");
    expectProblem(await world.api.delete(`/v1/keys/${one.key.key_id}`), 404, "not_found");
    await world.restartWorker();
    expectProblem(await one.as("left").post("/v1/buckets/list", {}), 401, "unauthenticated");
    await other.as("left").post("/v1/buckets/list", {}).expect(200);
  });

  it("ends when it says, also in an isolate that has just seen it work", async () => {
    await world.inNamespace("brief");
    const { as } = await makeKey(["brief"], new Date(Date.now() + 4000));
    // Refused input is answered without a read of any store: the isolate's clock stands on its own.
    const answer = () => as("brief").post("/v1/buckets/list", { limit: 0 });
    expectProblem(await answer(), 400, "invalid_request");
    await expect.poll(async () => (await answer()).status, { timeout: 10_000 }).toBe(401);
  });

  it("of a namespace that is deleted sees nothing", async () => {
    await world.inNamespace("doomed");
    const { as } = await makeKey(["doomed"]);
    await as("doomed").post("/v1/buckets/list", {}).expect(200);
    await world.api.delete("/v1/namespaces/doomed").expect(204);
    expectProblem(await as("doomed").post("/v1/buckets/list", {}), 404, "not_found");
    // A namespace of the same name is another one, and not the key's.
    await world.inNamespace("doomed");
    expectProblem(await as("doomed").post("/v1/buckets/list", {}), 404, "not_found");
  });
});

it("keys are stored as hashes, and no log line has one", async () => {
  await world.inNamespace("quiet");
  const { key, as } = await makeKey(["quiet"]);
  await as("quiet").post("/v1/buckets/list", {}).expect(200);
  await as("quiet").post("/v1/buckets", {}).expect(400);
  const logged = world.logs.join("\n");
  const stored = JSON.stringify(await everythingIn(world));
  expect(stored).toContain(key.key_id);
  for (const secret of [key.key, world.stack.adminKey]) {
    expect(logged).not.toContain(secret);
    expect(stored).not.toContain(secret);
  }
});
