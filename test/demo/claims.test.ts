import { createServer } from "node:http";
import getPort from "get-port";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { type Client, createClient } from "../../demo/client.ts";
import { nearest } from "../../demo/documents.ts";
import { checkEvents } from "../../demo/events.ts";
import { DemoFailure } from "../../demo/failure.ts";
import { type Receiver, startReceiver } from "../../demo/receiver.ts";
import { watch } from "../../demo/watch.ts";
import { CollectionDocument } from "../../src/contract/document.ts";
import { type Task, TaskHistory } from "../../src/contract/task.ts";
import { createNewId } from "../../src/ids.ts";

const SECRET = `whsec_${Buffer.from("a secret of thirty-two bytes ...").toString("base64")}`;
const NOW = "2026-11-24T01:02:03.456Z";

const newId = createNewId(() => new Date(NOW));
const taskId = newId("task");

let receiver: Receiver;

beforeEach(async () => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  receiver = await startReceiver();
  receiver.useSecret(SECRET);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await receiver.close();
});

type Sent = { readonly event_id: string; readonly type: string; readonly sequence: number };

function event(sequence: number, type: string): Sent {
  return { event_id: newId("event"), type, sequence };
}

/** Sends an event as Waybill does; the answer's status. */
async function send({ event_id, type, sequence }: Sent, secret = SECRET): Promise<number> {
  const body = JSON.stringify({
    type,
    timestamp: NOW,
    data: { sequence, task: { task_id: taskId } },
  });
  const now = new Date();
  const response = await fetch(receiver.url, {
    method: "POST",
    body,
    headers: {
      "webhook-id": event_id,
      "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
      "webhook-signature": new Webhook(secret).sign(event_id, now, body),
    },
  });
  return response.status;
}

function historyOf(events: readonly Sent[]): TaskHistory {
  return TaskHistory.parse({
    task_id: taskId,
    status: "COMPLETED",
    entries: [],
    omitted: 0,
    rejections: { count: 0, last: null },
    attempts: [],
    events: events.map((sent) => ({ ...sent, timestamp: NOW, dispatched: true })),
    deliveries: [],
  });
}

describe("the demo's receiver", () => {
  it("takes what is signed, and refuses what is signed with another secret", async () => {
    expect(await send(event(1, "task.created"))).toBe(204);
    const other = `whsec_${Buffer.from("another secret, thirty-two bytes").toString("base64")}`;
    expect(await send(event(2, "task.started"), other)).toBe(400);
    expect(receiver.eventsOf(taskId).map(({ sequence }) => sequence)).toEqual([1]);
    expect(receiver.refused).toHaveLength(1);
  });

  it("has all events only when there is no gap, whatever their order and however often", async () => {
    const [first, second, third] = [event(1, "a"), event(2, "b"), event(3, "c")];
    for (const one of [third, first, first]) await send(one);
    expect(await receiver.untilComplete(taskId, 3, 1)).toBe(false);
    await send(second);
    expect(await receiver.untilComplete(taskId, 3, 1)).toBe(true);
  });
});

describe("the demo's check of the events", () => {
  it("holds when what came is what the history says was sent", async () => {
    const events = [event(1, "task.created"), event(2, "task.started")];
    for (const one of events) await send(one);
    expect(() => checkEvents(historyOf(events), receiver, taskId)).not.toThrow();
  });

  it("fails when an event is missing", async () => {
    const events = [event(1, "task.created"), event(2, "task.started")];
    await send(event(1, "task.created"));
    expect(() => checkEvents(historyOf(events), receiver, taskId)).toThrow(DemoFailure);
  });

  it("fails when a request could not be verified", async () => {
    const events = [event(1, "task.created")];
    for (const one of events) await send(one);
    await send(event(2, "task.forged"), `whsec_${Buffer.from("forged").toString("base64")}`);
    expect(() => checkEvents(historyOf(events), receiver, taskId)).toThrow(/not verified/);
  });
});

/** Answers each GET with the next of these tasks, the last one for good. */
function pollable(tasks: readonly Partial<Task>[]): Client {
  let polls = 0;
  return {
    get: async (_path, schema) => {
      const task = tasks[Math.min(polls, tasks.length - 1)];
      polls += 1;
      return { body: schema.parse({ ...BLANK, ...task }), source: polls === 1 ? null : "cache" };
    },
    post: () => Promise.reject(new Error("only polled")),
    inNamespace: () => pollable(tasks),
  };
}

const BLANK: Task = {
  task_id: taskId,
  task_type: "api_buckets_batches_process",
  status: "PENDING",
  inputs: null,
  outputs: null,
  additional_data: {},
  error_message: null,
  namespace_id: newId("namespace"),
  created_at: NOW,
  updated_at: NOW,
  started_at: null,
  completed_at: null,
  progress: null,
  attempt: 1,
  max_attempts: 3,
  cancel: null,
  last_error: null,
  tags: [],
  parent_task_id: null,
  retry_of: null,
  version: 1,
  sequence: 1,
  priority: "normal",
  metadata: {},
  not_before: null,
  expires_at: null,
  singleton_key: null,
  killable: true,
};

const progress = (completed: number) => ({ completed, total: 4, unit: "objects", message: null });

describe("the demo's poller", () => {
  it("polls to the end and counts which polls the cache answered", async () => {
    const client = pollable([{}, { status: "PROCESSING" }, { status: "FAILED" }]);
    expect(await watch(client, taskId)).toMatchObject({
      task: { status: "FAILED" },
      polls: 3,
      fromCache: 2,
    });
  });

  it("stops before the end where that is enough", async () => {
    const client = pollable([0, 1, 3].map((done) => ({ progress: progress(done) })));
    const watched = await watch(client, taskId, (task) => (task.progress?.completed ?? 0) >= 2);
    expect(watched.task.progress?.completed).toBe(3);
  });
});

describe("the demo's client", () => {
  it("fails with the answer that isn't a success", async () => {
    const server = createServer((_request, response) => response.writeHead(503).end("no cache"));
    const port = await getPort({ host: "127.0.0.1" });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    const client = createClient(`http://127.0.0.1:${port}`, "key");
    await expect(client.get("/v1/x", z.unknown())).rejects.toThrow(
      new DemoFailure("GET /v1/x was answered 503: no cache"),
    );
    server.close();
  });

  it("fails with the reason why there is no answer", async () => {
    const port = await getPort({ host: "127.0.0.1" });
    const client = createClient(`http://127.0.0.1:${port}`, "key");
    await expect(client.get("/v1/x", z.unknown())).rejects.toThrow(
      /^GET \/v1\/x got no answer: .*ECONNREFUSED/,
    );
  });
});

function document(name: string, embedding: number[]): CollectionDocument {
  return CollectionDocument.parse({
    document_id: newId("document"),
    namespace_id: BLANK.namespace_id,
    collection_id: newId("collection"),
    object_id: newId("object"),
    chunk_index: 0,
    text: name,
    metadata: {},
    enrichments: {},
    embedding,
    created_at: NOW,
    updated_at: NOW,
  });
}

describe("the neighbours", () => {
  it("are the others, nearest by cosine first, with the mean of all", () => {
    const shown = document("shown", [1, 0]);
    const all = [document("far", [0, 2]), shown, document("near", [3, 0.3])];
    const { neighbours, mean } = nearest(all, shown, 1);
    expect(neighbours.map(({ document: { text } }) => text)).toEqual(["near"]);
    expect(mean).toBeCloseTo(0.4975, 3);
  });
});
