import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createMigration, makeSource, rowsStored } from "../support/migrations.ts";
import { expectInvalid, expectProblem } from "../support/problems.ts";
import { leaveSharedWorld, type SharedWorld, sharedWorld } from "../support/shared-world.ts";

let world: SharedWorld;
beforeAll(async () => {
  world = await sharedWorld();
});
afterAll(leaveSharedWorld);

let targets = 0;
const newTarget = () => `target-${(targets += 1)}`;

describe("who asks for a migration", () => {
  it("and doesn't see the namespace sees no migration of it; who isn't the administrator makes none", async () => {
    const source = await makeSource(world);
    const other = await makeSource(world);
    const migration = await createMigration(world, source, newTarget());
    const keyFor = async (namespace: string) => {
      const made = await world.api
        .post("/v1/keys", { name: namespace, namespaces: [namespace] })
        .expect(201);
      return world.api.as({ key: String(made.body["key"]) });
    };
    const insider = await keyFor(source.name);
    const outsider = await keyFor(other.name);
    const path = `/v1/namespaces/${source.name}/migrations`;
    const one = `${path}/${migration.migration_id}`;
    expectProblem(await insider.post(path, { target_name: "x" }), 403, "forbidden");
    await insider.get(one).expect(200);
    await insider.post(`${path}/list`, {}).expect(200);
    for (const answer of [
      await outsider.post(path, { target_name: "x" }),
      await outsider.post(`${path}/list`, {}),
      await outsider.get(one),
      await outsider.delete(one),
      await outsider.post(`${one}/start`, {}),
      await world.api.get(`/v1/namespaces/${other.name}/migrations/${migration.migration_id}`),
    ]) {
      expectProblem(answer, 404, "not_found");
    }
    await insider.post(`${one}/start`, { delay: 3600 }).expect(202);
  });

  it("and asks for what can't be is told what is wrong", async () => {
    const source = await makeSource(world);
    const path = `/v1/namespaces/${source.name}/migrations`;
    const name = newTarget();
    for (const [body, field] of [
      [{}, "target_name"],
      [{ target_name: "" }, "target_name"],
      [{ target_name: "a b" }, "target_name"],
      [{ target_name: name, metadata: { a: [] } }, "metadata.a"],
    ] as const) {
      expectInvalid(await world.api.post(path, body), field);
    }
    const taken = await world.api.post(path, { target_name: source.name });
    expect(expectProblem(taken, 409, "name_taken").errors).toMatchObject([{ path: "target_name" }]);
    const migration = await createMigration(world, source, name);
    expectProblem(await world.api.post(path, { target_name: name }), 409, "name_taken");
    for (const options of [{ singleton: { key: "k" } }, { delay: -1 }, { target_name: "y" }]) {
      const answer = await world.api.post(`${path}/${migration.migration_id}/start`, options);
      expectInvalid(answer, Object.keys(options)[0] ?? "");
    }
    const listed = await world.api.post(`${path}/list`, { name }).expect(200);
    expect(listed.body).toMatchObject({
      results: [{ target_name: name, status: "DRAFT", copied: null }],
    });
    expect(await rowsStored(world, migration.target_namespace_id)).toMatchObject({ buckets: 0 });
  });
});
