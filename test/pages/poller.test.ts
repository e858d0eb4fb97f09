import { createServer, type Server } from "node:http";
import getPort from "get-port";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { createNewId } from "../../src/ids.ts";
import type { Api } from "../support/api.ts";
import { makeBatch, sentence, submit, untilEnded } from "../support/fixtures.ts";
import { isInstalled, type Program, startProgram, until } from "../support/processes.ts";
import { startWorld, type World } from "../support/world.ts";

const POLLER_TIMEOUT_MS = 20_000;

/** The waits of a test; the real ones are 1 s to 30 s. */
const FAST = ["--initial-delay", "0.02", "--max-delay", "0.1", "--timeout", "20"];

/** So that Python leaves no cache of what it compiled in the project's folder. */
const ENV = { PYTHONDONTWRITEBYTECODE: "1", NO_PROXY: "*" };

const newId = createNewId(() => new Date());

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

// The queue holds each job back until a test has seen what there is to see before it runs.
beforeEach(() => {
  world.stack.qstash.misbehaviours.add({
    kind: "reorder",
    after: Infinity,
    match: ({ target }) => target.endsWith("/internal/jobs/run"),
  });
});
afterEach(() => letJobsRun());

function letJobsRun(): void {
  world.stack.qstash.misbehaviours.clear();
}

type PollerOptions = {
  readonly taskId: string;
  readonly namespace?: string;
  readonly key?: string;
  readonly args?: readonly string[];
};

function startPoller({ taskId, namespace, key, args = [] }: PollerOptions): Program {
  const given = [
    ["--api-url", world.worker.url],
    ["--key", key ?? world.stack.adminKey],
    ["--namespace", namespace ?? "ns"],
    ["--task-id", taskId],
  ];
  return startProgram("python3", ["examples/poller.py", ...given.flat(), ...FAST, ...args], ENV);
}

async function untilSaid(poller: Program, text: string): Promise<void> {
  await until(
    () => (`${poller.stdout()}${poller.stderr()}`.includes(text) ? null : `no ${text}`),
    POLLER_TIMEOUT_MS,
  );
}

let namespaces = 0;

async function inNamespace(): Promise<{ api: Api; namespace: string }> {
  namespaces += 1;
  const namespace = `poller-${namespaces}`;
  return { api: await world.inNamespace(namespace), namespace };
}

describe.skipIf(!isInstalled("python3"))("examples/poller.py", () => {
  it("follows a batch to COMPLETED: a line for each status, exit status 0", async () => {
    const { api, namespace } = await inNamespace();
    const { task_id: taskId } = await submit(api, await makeBatch(api, [sentence(1)]));
    const poller = startPoller({ taskId, namespace });
    await untilSaid(poller, "PENDING");
    letJobsRun();
    expect(await poller.ended, poller.stderr()).toBe(0);
    expect(poller.stdout()).toMatch(/^PENDING\n(?:PROCESSING\n)?COMPLETED\n$/);
    expect(poller.stderr()).toBe("");
  });

  it("goes over to the batch when the cached copy is gone, and follows that to the end", async () => {
    const { api, namespace } = await inNamespace();
    const batch = await makeBatch(api, [sentence(2)]);
    const { task_id: taskId } = await submit(api, batch);
    const poller = startPoller({ taskId, namespace, args: ["--source", "cache"] });
    await untilSaid(poller, "PENDING");
    await world.stack.redis.flush();
    await untilSaid(poller, `going over to batch ${batch.batchId}`);
    letJobsRun();
    expect(await poller.ended, poller.stderr()).toBe(0);
    expect(poller.stdout()).toMatch(/^PENDING\n(?:PROCESSING\n)?COMPLETED\n$/);
    expect(poller.stderr().split("\n")).toHaveLength(2);
  });

  it("asks the batch that it was told of when it never saw the task", async () => {
    const { api, namespace } = await inNamespace();
    const batch = await makeBatch(api, [sentence(3)]);
    const { task_id: taskId } = await submit(api, batch);
    letJobsRun();
    await untilEnded(api, taskId);
    await world.stack.redis.flush();
    const told = ["--bucket-id", batch.bucketId, "--batch-id", batch.batchId];
    const poller = startPoller({ taskId, namespace, args: ["--source", "cache", ...told] });
    expect(await poller.ended, poller.stderr()).toBe(0);
    expect(poller.stdout()).toBe("COMPLETED\n");
  });

  it("shows the error_message of a FAILED task, exit status 1", async () => {
    const { api, namespace } = await inNamespace();
    const texts = [sentence(4), "   ", "\n", "\t"];
    const { task_id: taskId } = await submit(api, await makeBatch(api, texts));
    const poller = startPoller({ taskId, namespace });
    await untilSaid(poller, "PENDING");
    letJobsRun();
    const ended = await untilEnded(api, taskId);
    expect(ended.status).toBe("FAILED");
    expect(await poller.ended).toBe(1);
    expect(poller.stdout()).toMatch(/FAILED\n$/);
    expect(poller.stderr()).toBe(`${ended.error_message}\n`);
  });

  it("says that a task was CANCELED, exit status 1", async () => {
    const { api, namespace } = await inNamespace();
    const { task_id: taskId } = await submit(api, await makeBatch(api, [sentence(5)]));
    const poller = startPoller({ taskId, namespace });
    await untilSaid(poller, "PENDING");
    await api.post(`/v1/tasks/${taskId}/kill`, {}).expect(202);
    expect(await poller.ended).toBe(1);
    expect(poller.stdout()).toBe("PENDING\nCANCELED\n");
    expect(poller.stderr()).toBe("the task ended CANCELED\n");
  });

  it("says that nobody knows a task, exit status 2", async () => {
    const { namespace } = await inNamespace();
    const poller = startPoller({ taskId: newId("task"), namespace });
    expect(await poller.ended).toBe(2);
    expect(poller.stderr()).toMatch(/^error: 404 .+; and its batch was never learnt\n$/);
  });

  it("says that neither task nor batch is there, exit status 2", async () => {
    const { namespace } = await inNamespace();
    const told = ["--bucket-id", newId("bucket"), "--batch-id", newId("batch")];
    const poller = startPoller({ taskId: newId("task"), namespace, args: told });
    expect(await poller.ended).toBe(2);
    expect(poller.stderr()).toMatch(/^the task is gone, .+\nerror: 404 .+\n$/);
  });

  it("doesn't ask again with a key that was refused, exit status 2", async () => {
    const { namespace } = await inNamespace();
    const poller = startPoller({ taskId: newId("task"), namespace, key: "wb_wrong" });
    expect(await poller.ended).toBe(2);
    expect(poller.stderr()).toMatch(/^error: 401 .+\n$/);
  });

  it("gives up when its time is over, exit status 3", async () => {
    const { api, namespace } = await inNamespace();
    const { task_id: taskId } = await submit(api, await makeBatch(api, [sentence(6)]));
    const poller = startPoller({ taskId, namespace, args: ["--timeout", "0.5"] });
    expect(await poller.ended).toBe(3);
    expect(poller.stdout()).toBe("PENDING\n");
    expect(poller.stderr()).toBe(`error: ${taskId} is PENDING after 0.5 s\n`);
  });
});

type Reply = { readonly status?: number; readonly retryAfter?: string; readonly body?: string };

/** Runs the poller in a program, its waits recorded instead of slept, against scripted replies. */
async function waitsAgainst(replies: readonly (Reply | "cut")[]): Promise<number[]> {
  let requests = 0;
  const server: Server = createServer((_request, response) => {
    const reply = replies[requests] ?? { body: '{"status":"COMPLETED"}' };
    requests += 1;
    if (reply === "cut") {
      response.destroy();
      return;
    }
    const { status = 200, retryAfter, body = '{"status":"PROCESSING"}' } = reply;
    response.writeHead(status, retryAfter === undefined ? {} : { "Retry-After": retryAfter });
    response.end(body);
  });
  const port = await getPort({ host: "127.0.0.1" });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const program = startProgram("python3", ["-c", RECORDER, `http://127.0.0.1:${port}`], ENV);
  const code = await program.ended;
  server.close();
  expect(code, program.stderr()).toBe(0);
  expect(requests).toBe(replies.length + 1);
  return z.array(z.number()).parse(JSON.parse(program.stdout()));
}

const RECORDER = `
import json, sys
sys.path.insert(0, "examples")
from poller import Api, wait_for_task
waits = []
wait_for_task(Api(sys.argv[1], "key", "ns"), "tsk_1", sleep=waits.append)
print(json.dumps(waits))
`;

describe.skipIf(!isInstalled("python3"))("the poller's waits", () => {
  it("grow by half from 1 s to 30 s, each up to a quarter shorter", async () => {
    const waits = await waitsAgainst(Array.from({ length: 12 }, () => ({})));
    for (const [index, wait] of waits.entries()) {
      const planned = Math.min(1.5 ** index, 30);
      expect(wait).toBeGreaterThan(0.75 * planned - 1e-9);
      expect(wait).toBeLessThanOrEqual(planned);
    }
    expect(new Set(waits.map((wait, index) => wait / Math.min(1.5 ** index, 30))).size).toBe(12);
  });

  it("are never shorter than Retry-After, of an answer or of a refusal for now", async () => {
    const asked = [{ retryAfter: "7" }, { status: 503, retryAfter: "45" }, { retryAfter: "soon" }];
    const waits = await waitsAgainst(asked);
    expect(waits.slice(0, 2)).toEqual([7, 45]);
    expect(waits[2]).toBeLessThanOrEqual(2.25);
  });

  it("separate new tries after a lost connection, 408, 429, 5xx and what is no JSON", async () => {
    const troubles = [408, 429, 500, 502, 503].map((status) => ({ status, body: "no" }));
    const garbled = ["<html>", "[]", '{"status":'].map((body) => ({ body }));
    expect(await waitsAgainst(["cut", ...troubles, ...garbled])).toHaveLength(9);
  });
});
