import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { gate, TestReceiver } from "../../contracts/qstash/receiver.ts";
import type { Api } from "../../support/api.ts";
import { log, publish, shop } from "../../support/events.ts";
import { getTask, makeBatch, sentence, submit } from "../../support/fixtures.ts";
import { keysOf, REQUEST_COSTS } from "./expected.ts";
import { type Counted, inAnyOrder, type MeteredWorld, startMeteredWorld } from "./meter.ts";

let world: MeteredWorld;
const receiver = new TestReceiver(() => Date.now());
beforeAll(async () => {
  await receiver.start();
  world = await startMeteredWorld();
});
beforeEach(() => world.drain());
afterAll(async () => {
  await world.close();
  await receiver.close();
});

const scenarios: Record<keyof typeof REQUEST_COSTS, () => Promise<Counted>> = {
  "poll, cached": async () => {
    const api = await world.inNamespace();
    const { task_id } = await submitted(api);
    return world.count(() => getTask(api, task_id));
  },

  "poll of an ended task, again in one isolate": async () => {
    const api = await world.inNamespace();
    const { task_id } = await submitted(api);
    await world.deliver();
    expect((await getTask(api, task_id)).status).toBe("COMPLETED");
    return world.count(() => getTask(api, task_id));
  },

  "poll, not cached: from the record, and cached again": async () => {
    const api = await world.inNamespace();
    const { task_id } = await submitted(api);
    await flushRedis();
    return world.count(async () => {
      await getTask(api, task_id);
      // The copy is put back after the answer.
      await vi.waitFor(() => expect(world.counted().redis).toContain("EVAL"), { timeout: 5_000 });
    });
  },

  "list, one page": async () => {
    const api = await world.inNamespace();
    await submitted(api);
    await submitted(api);
    return world.count(() => api.post("/v1/tasks/list", { limit: 1 }).expect(200));
  },

  "submit a batch": async () => {
    const api = await world.inNamespace();
    const batch = await makeBatch(api, [sentence(1)]);
    return world.count(() => submit(api, batch));
  },

  "kill a PENDING task, no subscriber": async () => {
    const api = await world.inNamespace();
    const { task_id } = await submitted(api);
    return world.count(async () => {
      const killed = await api.post(`/v1/tasks/${task_id}/kill`).expect(202);
      expect(killed.body["status"]).toBe("CANCELED");
    });
  },

  "kill a running task: the request": async () => {
    const api = await world.inNamespace();
    const isAsked = gate();
    const mayAnswer = gate();
    receiver.answering = async () => {
      isAsked.open();
      await mayAnswer.opened;
      return { status: 200, headers: { "content-type": "text/plain" }, body: sentence(1) };
    };
    const { task_id } = await submitted(api, { url: receiver.url("/page") });
    const run = world.deliver();
    await isAsked.opened;
    world.resetCount();
    const killed = await api.post(`/v1/tasks/${task_id}/kill`).expect(202);
    expect(killed.body["status"]).toBe("PROCESSING");
    const counted = world.counted();
    mayAnswer.open();
    await run;
    expect((await getTask(api, task_id)).status).toBe("CANCELED");
    return counted;
  },

  "publish an event, with an endpoint": async () => {
    const api = await shop(world);
    const hook = { url: receiver.url("/orders"), event_types: ["orders.*"] };
    await api.post("/v1/webhooks", hook).expect(201);
    return world.count(() => publish(api, "o_1"));
  },

  "read the log of events, nothing new": async () => {
    const api = await shop(world);
    await publish(api, "o_1");
    await log(api);
    return world.count(() => log(api));
  },

  "an API key's first request in an isolate": async () => {
    const { api, taskId } = await withNewKey();
    return withoutPoll(await world.count(() => getTask(api, taskId)));
  },

  "an API key's next requests within 60 s": async () => {
    const { api, taskId } = await withNewKey();
    await getTask(api, taskId);
    return withoutPoll(await world.count(() => getTask(api, taskId)));
  },

  "a namespace's first request in an isolate": async () => {
    const api = await world.inNamespace();
    return world
      .count(() => api.get(`/v1/tasks/tsk_${"0".repeat(32)}?source=cache`).expect(404))
      .then(withoutPoll);
  },
};

describe("a request costs exactly its list of operations", () => {
  it.each(keysOf(REQUEST_COSTS))("%s", async (operation) => {
    expect(inAnyOrder(await scenarios[operation]())).toEqual(inAnyOrder(REQUEST_COSTS[operation]));
  });
});

it("a poll that finds nothing changed costs what any other does", async () => {
  const api = await world.inNamespace();
  const { task_id, version } = await submitted(api);
  const counted = await world.count(() =>
    api.get(`/v1/tasks/${task_id}`, { "If-None-Match": `"v${version}"` }).expect(304),
  );
  expect(counted).toEqual({ redis: ["GET"], mongo: [], qstash: [] });
});

it("what the validation refuses costs nothing", async () => {
  const api = await world.inNamespace();
  await submitted(api);
  const counted = await world.count(() => api.post("/v1/tasks/list", { limit: -1 }).expect(400));
  expect(counted).toEqual({ redis: [], mongo: [], qstash: [] });
});

async function submitted(api: Api, content: object = { text: sentence(1) }) {
  const batch = await makeBatch(api, []);
  await api.post(`/v1/buckets/${batch.bucketId}/objects`, { content }).expect(201);
  return submit(api, batch);
}

/** A key that no request was made with, and a task that it may see in a namespace that is known. */
async function withNewKey() {
  const api = await world.inNamespace();
  const { task_id, namespace_id } = await submitted(api);
  const created = await api.post("/v1/keys", { name: "k", namespaces: [namespace_id] }).expect(201);
  return { api: api.as({ key: String(created.body["key"]) }), taskId: task_id };
}

function withoutPoll({ redis, ...rest }: Counted): Counted {
  expect(redis).toEqual(REQUEST_COSTS["poll, cached"].redis);
  return { ...rest, redis: [] };
}

async function flushRedis(): Promise<void> {
  const { url, token } = world.stack.redis;
  const headers = { Authorization: `Bearer ${token}` };
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(["FLUSHALL"]) });
  expect(answer.status).toBe(200);
}
