import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drivenClock } from "../../local/qstash/clock.ts";
import { ALLOWED, REFUSED } from "../webhooks/addresses.ts";
import { gate } from "../contracts/qstash/receiver.ts";
import type { Api } from "../support/api.ts";
import { makeBatch, submit, untilEnded } from "../support/fixtures.ts";
import { expectInvalid } from "../support/problems.ts";
import { completeTask, deliveryTo, subscribe } from "../support/webhooks.ts";
import { startWorld, type World } from "../support/world.ts";

const RETRY_MS = 10_000;

const clock = drivenClock(Date.now(), { heldAfterMs: 30_000 });
let world: World;
beforeAll(async () => {
  world = await startWorld({ clock });
});
afterAll(() => world.close());

/**
 * A name of its own for each rule. Only the stand-in knows it: .example exists in no real resolver
 * (RFC 6761), so that what the worker sends there after a good look-up reaches nobody.
 */
let names = 0;
const newName = () => `host-${(names += 1)}.waybill.example`;

const asked = (name: string) =>
  world.stack.dns.operations.all().filter(({ target }) => target === name).length;

function register(api: Api, name: string) {
  const body = { url: `https://${name}/in`, event_types: ["task.completed"] };
  return api.post("/v1/webhooks", body);
}

describe("at registration", () => {
  it("a host is looked up, and one that leads inside is refused with the field's name", async () => {
    const api = await world.inNamespace();
    for (const records of [
      { a: ["10.0.0.1"] },
      { a: ["93.184.215.14", "127.0.0.1"] },
      { a: ["93.184.215.14"], aaaa: ["fd00::1"] },
    ]) {
      const name = newName();
      world.stack.dns.set(name, records);
      const problem = expectInvalid(await register(api, name), "url");
      expect(problem.detail).toBe("url: its host leads to an address that is not a public one");
      expect(asked(name)).toBe(2);
    }
  });

  it("a host that does not exist or has no address is refused", async () => {
    const api = await world.inNamespace();
    const [gone, bare] = [newName(), newName()];
    world.stack.dns.set(gone, { status: "NXDOMAIN" });
    world.stack.dns.set(bare, {});
    expect((await register(api, gone)).body["detail"]).toBe("url: its host does not exist");
    expect((await register(api, bare)).body["detail"]).toBe("url: its host has no address");
  });

  it("a host is taken while the resolver can't say, since every attempt asks again", async () => {
    const api = await world.inNamespace();
    const name = newName();
    world.stack.dns.set(name, { status: "SERVFAIL" });
    await register(api, name).expect(201);
    expect(world.logs.join("\n")).toContain("a URL was taken without a look-up");
  });

  it("a changed URL and an executor's are looked up too; loopback in development is not", async () => {
    const api = await world.inNamespace();
    const name = newName();
    world.stack.dns.set(name, { a: ["192.168.0.1"] });
    const { webhook_id } = await subscribe(api, "http://127.0.0.1:9/in");
    const url = `https://${name}/in`;
    expectInvalid(await api.patch(`/v1/webhooks/${webhook_id}`, { url }), "url");
    expectInvalid(await api.put("/v1/task-types/train", { executor_url: url }), "executor_url");
    expect(asked("127.0.0.1")).toBe(0);
  });
});

describe("in production", () => {
  // The guard's own table, asked of workerd, whose URL parser is not Node's. Nothing happens in the
  // namespace, so that nothing is sent to what is taken.
  let strict: World;
  let api: Api;
  beforeAll(async () => {
    const BLOCKED_HOSTS = "waybill.example.com, backoffice.example.org";
    strict = await startWorld({ vars: { ALLOW_LOOPBACK: "false", BLOCKED_HOSTS } });
    api = await strict.inNamespace();
  });
  afterAll(() => strict.close());

  const statusOf = async (url: string) =>
    (await api.post("/v1/webhooks", { url, event_types: ["task.completed"] })).status;

  it("the built worker refuses every address that the guard's test refuses", async () => {
    for (const [trick, url] of REFUSED) expect(await statusOf(url), `${trick}: ${url}`).toBe(400);
  });

  it("the built worker takes every address that the guard's test takes", async () => {
    for (const url of ALLOWED) expect(await statusOf(url), url).toBe(201);
  });
});

describe("at each attempt", () => {
  it("a host that was public and now leads inside gets nothing, until it is public again", async () => {
    const api = await world.inNamespace();
    const name = newName();
    const { dns } = world.stack;
    dns.set(name, { a: ["93.184.215.14"], ttl: 0 });
    const { webhook_id } = await subscribe(api, `https://${name}/in`);

    dns.set(name, { a: ["127.0.0.1"], ttl: 0 });
    await completeTask(world, api);
    const rebound = await deliveryTo(api, webhook_id);
    expect(rebound).toMatchObject({
      status: "PENDING",
      attempt_count: 1,
      attempts: [
        {
          attempt: 1,
          response_status: null,
          error: "the URL is refused: its host leads to an address that is not a public one",
        },
      ],
    });
    expect(world.logs.some((line) => line.includes("an address was refused"))).toBe(true);

    // Public again: the look-up lets it pass, and what fails is the sending.
    dns.set(name, { a: ["93.184.215.14"], ttl: 0 });
    const questions = asked(name);
    await clock.advanceBy(RETRY_MS);
    const again = await deliveryTo(api, webhook_id);
    expect(asked(name)).toBe(questions + 2);
    expect(again).toMatchObject({ status: "PENDING", attempt_count: 2 });
    expect(again.attempts[1]?.error).not.toMatch(/the URL is refused|resolver|its host/);
  });

  it("nothing is sent while the resolver is down, and the attempt is made again later", async () => {
    const api = await world.inNamespace();
    const name = newName();
    world.stack.dns.set(name, { a: ["93.184.215.14"], ttl: 0 });
    const { webhook_id } = await subscribe(api, `https://${name}/in`);
    const lift = world.stack.dns.faults.add({
      phase: "before",
      match: ({ target }) => target === name,
      action: { kind: "refuse" },
    });
    await completeTask(world, api);
    lift();
    expect(await deliveryTo(api, webhook_id)).toMatchObject({
      status: "PENDING",
      attempts: [{ error: "the resolver could not be asked: it answered 503" }],
    });
  });

  it("a resolver that is silent is given up after 3 s", async () => {
    const api = await world.inNamespace();
    const name = newName();
    world.stack.dns.set(name, { a: ["93.184.215.14"], ttl: 0 });
    const { webhook_id } = await subscribe(api, `https://${name}/in`);
    const answer = gate();
    const match = ({ target }: { target: string }) => target === name;
    const lift = world.stack.dns.faults.add({
      phase: "before",
      match,
      action: { kind: "hold", until: answer.opened },
    });
    await completeTask(world, api);
    lift();
    answer.open();
    expect(await deliveryTo(api, webhook_id)).toMatchObject({
      attempts: [{ error: "the resolver could not be asked: no answer within 3 s" }],
    });
  });
});

describe("an object's URL", () => {
  it("is looked up before it is fetched: inside is refused, and what isn't there unreachable", async () => {
    const api = await world.inNamespace();
    const [inside, gone] = [newName(), newName()];
    world.stack.dns.set(inside, { a: ["169.254.169.254"] });
    world.stack.dns.set(gone, { status: "NXDOMAIN" });
    const urls = [`https://${inside}/a`, `https://${inside}/b`, `https://${gone}/`];
    const batch = await makeBatch(api, []);
    const objects = urls.map((url) => ({ content: { url } }));
    await api.post(`/v1/buckets/${batch.bucketId}/objects/batch`, { objects }).expect(200);
    const { task_id } = await submit(api, batch);
    const task = await untilEnded(api, task_id);
    expect(task).toMatchObject({
      status: "FAILED",
      outputs: [
        {
          failures: [
            { code: "url_refused" },
            { code: "url_refused" },
            {
              code: "url_unreachable",
              message: "The URL is not fetched: its host does not exist.",
            },
          ],
        },
      ],
    });
  });
});
