import type { Api } from "../../support/api.ts";
import type { Recorder } from "../recorder.ts";
import { COMPLETED } from "./content-jobs.ts";

/** How a later version must see what is still on its way to an endpoint end. */
const ends = (status: string) => ({ metadata: { ends: status } });

const NAMESPACE = "endpoints";

let made = 0;

const subscribe = async (
  api: Api,
  url: string | null,
  type: string,
  more: object,
): Promise<string> => {
  const body = { url, event_types: [type], ...more };
  return String((await api.post("/v1/webhooks", body).expect(201)).body["webhook_id"]);
};

const publish = async (api: Api, type: string, count = 1): Promise<void> => {
  for (let at = 0; at < count; at += 1) {
    await api.post("/v1/events", { type, data: { order: `o-${at}`, at } }).expect(202);
  }
};

/** An event type of the deployer's own, each time another. */
const newType = async (api: Api): Promise<string> => {
  const type = `orders.kind_${(made += 1)}`;
  const schema = { type: "object", properties: { order: { type: "string" } }, required: ["order"] };
  await api.put(`/v1/event-types/${type}`, { schema, example: { order: "o-1" } }).expect(201);
  return type;
};

/** What has come to an end, circuits that opened, endpoints out of service. It drives time. */
export async function settledDeliveries({
  world,
  clock,
  inNamespace,
  receiver,
}: Recorder): Promise<void> {
  const api = await inNamespace(NAMESPACE);
  const { qstash } = world.stack;
  const dead = await newType(api);
  await subscribe(api, receiver.url("/down/dead"), dead, ends("FAILED"));
  await publish(api, dead);
  await qstash.idle();
  await clock.advanceBy(35 * 3_600_000);
  const arrived = await newType(api);
  const kept = await subscribe(api, receiver.url("/ok/arrived"), arrived, {
    ...ends("COMPLETED"),
    signatures: ["v1", "v1a"],
    headers: { authorization: "Bearer stored" },
    rate_limit: { max: 100, period_seconds: 60 },
    max_concurrency: 3,
    description: "arrives",
  });
  await api.post(`/v1/webhooks/${kept}/rotate-secret`, {}).expect(200);
  await publish(api, arrived, 2);
  await api.post(`/v1/webhooks/${kept}/test`, { event_type: "task.completed" });
  await subscribe(api, null, arrived, ends("COMPLETED"));
  const gone = await newType(api);
  await subscribe(api, receiver.url("/gone/at-once"), gone, ends("FAILED"));
  await publish(api, gone);
  await qstash.idle();
  // Ten failures in a row open a circuit; cron lets a probe through, whose message is lost.
  const half = await newType(api);
  await subscribe(api, receiver.url("/later/half"), half, ends("COMPLETED"));
  await publish(api, half, 11);
  await qstash.idle();
  const lift = qstash.faults.add({
    phase: "before",
    match: ({ name, target }) => name === "publish" && target.endsWith("/webhooks/deliver"),
    action: { kind: "refuse" },
  });
  await world.runMinuteCron(600_000);
  lift();
  const open = await newType(api);
  await subscribe(api, receiver.url("/later/open"), open, ends("COMPLETED"));
  await publish(api, open, 11);
  await qstash.idle();
  await api.post("/v1/events/list", {}).expect(200);
}

/** Deliveries that wait, are held, or were left half done. */
export async function stoppedDeliveries({ world, everyStop, receiver }: Recorder): Promise<void> {
  const api = world.api.as({ namespace: NAMESPACE });
  const { qstash } = world.stack;
  for (const [path, status] of [
    ["/later/retried", "COMPLETED"],
    ["/down/retried", "FAILED"],
  ] as const) {
    const type = await newType(api);
    await subscribe(api, receiver.url(path), type, ends(status));
    await publish(api, type);
  }
  const paused = await newType(api);
  const kept = await subscribe(api, receiver.url("/ok/paused"), paused, ends("COMPLETED"));
  await api.post(`/v1/webhooks/${kept}/pause`).expect(200);
  await publish(api, paused, 3);
  await qstash.idle();
  const { text } = await api.post(`/v1/webhooks/${kept}/deliveries/list`).expect(200);
  const [delivery] = /dlv_[0-9a-f]{32}/.exec(text) ?? [];
  await api.post(`/v1/deliveries/${delivery}/skip`, {}).expect(200);
  await subscribe(api, receiver.url("/later/ordered"), "task.*", {
    ...ends("COMPLETED"),
    ordering: "task",
  });
  const executor_url = receiver.url("/executor/ordered");
  await api.put("/v1/task-types/gpu.order", { executor_url, heartbeat_timeout: 3600 }).expect(201);
  await api.post("/v1/tasks", { task_type: "gpu.order", input: {}, ...COMPLETED }).expect(202);
  await qstash.idle();

  const placed = await newType(api);
  for (const path of ["/ok/1", "/ok/2", "/ok/3"]) {
    await subscribe(api, receiver.url(path), placed, ends("COMPLETED"));
  }
  await everyStop(
    () => Promise.resolve(),
    () => publish(api, placed),
  );
  for (const [path, status] of [
    ["/later", "COMPLETED"],
    ["/gone", "FAILED"],
  ] as const) {
    await everyStop(
      async () => {
        const type = await newType(api);
        await subscribe(api, receiver.url(`${path}/${type}`), type, ends(status));
        return type;
      },
      (type) => publish(api, type),
    );
  }
  await everyStop(
    async () => {
      const type = await newType(api);
      await publish(api, type, 2);
      await qstash.idle();
      return subscribe(api, receiver.url(`/ok/${type}`), type, ends("COMPLETED"));
    },
    (id) => {
      const request = { from: "2020-01-01T00:00:00Z", which: "all" };
      return api.post(`/v1/webhooks/${id}/replay`, request).expect(200);
    },
  );
}
