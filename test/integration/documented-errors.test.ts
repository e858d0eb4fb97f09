import { readdir, readFile } from "node:fs/promises";
import { MongoClient } from "mongodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ErrorCode, Problem } from "../../src/contract/problem.ts";
import { ObjectFailureCode } from "../../src/content/batch/job/text-outcome.ts";
import { presentation } from "../../src/http/error-response.ts";
import { reportToken } from "../../src/engine/executors/report-token.ts";
import { type Answer, type Api, createApi } from "../support/api.ts";
import { makeBatch, sentence, submit, untilEnded } from "../support/fixtures.ts";
import { readPage, section, tableRows } from "../support/page.ts";
import { startWorld, type World } from "../support/world.ts";

/** A task document that no service wrote; what is missing is what the test is about. */
type StrayTask = { _id: string; namespace_id: unknown } & Record<string, unknown>;

let world: World;
let api: Api;
let mongo: MongoClient;
let page: string;
beforeAll(async () => {
  page = await readPage("docs/errors.md");
  world = await startWorld();
  api = await world.inNamespace("errors");
  mongo = await MongoClient.connect(world.stack.vars["MONGODB_URI"] ?? "");
});
afterAll(async () => {
  await mongo.close();
  await world.close();
});

function strayTask(digit: string): StrayTask {
  return {
    _id: `tsk_${digit.repeat(32)}`,
    namespace_id: "",
    task_type: "of_another_deployment",
    status: "PENDING",
    cancel: null,
    kill_refusal: "It can't be killed any more.",
    idempotency_slot: digit,
    singleton_slot: digit,
    concurrency_slot: digit,
  };
}

async function insertTask(task: StrayTask): Promise<string> {
  const { body } = await api.get("/v1/namespaces/errors").expect(200);
  const tasks = mongo.db(world.database).collection<StrayTask>("tasks");
  await tasks.insertOne({ ...task, namespace_id: body["namespace_id"] });
  return `/v1/tasks/${task._id}`;
}

/** A delivery that has ended and whose endpoint or event is not there. */
async function resendOf(digit: string, webhookId: string): Promise<Answer> {
  const { body } = await api.get("/v1/namespaces/errors").expect(200);
  const deliveries = mongo.db(world.database).collection<StrayTask>("deliveries");
  const _id = `dlv_${digit.repeat(32)}`;
  await deliveries.insertOne({
    _id,
    namespace_id: body["namespace_id"],
    webhook_id: webhookId,
    event_id: `evt_${digit.repeat(32)}`,
    state: "DEAD",
    attempt_count: 0,
    attempts: [],
  });
  return api.post(`/v1/deliveries/${_id}/resend`);
}

/** A request for each code that is answered with it. */
const PROVOCATIONS: Record<ErrorCode, () => Promise<Answer>> = {
  invalid_request: () => api.post("/v1/buckets", { nam: "b" }),
  malformed_json: () => api.raw("POST", "/v1/buckets", "{", { "Content-Type": "application/json" }),
  unsupported_media_type: () =>
    api.raw("POST", "/v1/buckets", "{}", { "Content-Type": "text/plain" }),
  payload_too_large: () => api.post("/v1/buckets", { name: "x".repeat(1_048_577) }),
  unauthenticated: () => api.as({ key: "unknown" }).get("/v1/buckets/b"),
  forbidden: async () => {
    const { body } = await api.post("/v1/keys", { name: "k", namespaces: ["errors"] }).expect(201);
    return createApi(() => world.worker.url, String(body["key"])).post("/v1/namespaces", {
      name: "n",
    });
  },
  namespace_required: () => world.api.get("/v1/buckets/b"),
  not_found: () => api.get("/v1/buckets/none"),
  method_not_allowed: () => api.patch("/v1/buckets", {}),
  name_taken: () => api.post("/v1/namespaces", { name: "errors" }),
  not_empty: async () => {
    const { bucketId } = await makeBatch(api, [sentence(1)]);
    return api.delete(`/v1/buckets/${bucketId}`);
  },
  resource_in_use: async () => {
    const lift = world.stack.qstash.faults.add({
      phase: "before",
      match: ({ name }) => name === "publish",
      action: { kind: "refuse" },
    });
    const batch = await makeBatch(api, [sentence(1)]);
    await submit(api, batch);
    lift();
    return api.delete(batch.path);
  },
  not_a_draft: async () => {
    const batch = await makeBatch(api, [sentence(1)]);
    const { task_id } = await submit(api, batch);
    await untilEnded(api, task_id);
    await mongo.db(world.database).collection<StrayTask>("tasks").deleteOne({ _id: task_id });
    return api.post(`${batch.path}/submit`, {});
  },
  task_already_terminal: async () => {
    const { task_id } = await submit(api, await makeBatch(api, [sentence(1)]));
    await untilEnded(api, task_id);
    return api.post(`/v1/tasks/${task_id}/kill`);
  },
  task_not_killable: async () => api.post(`${await insertTask(strayTask("0"))}/kill`),
  task_not_retryable: async () => {
    const { task_id } = await submit(api, await makeBatch(api, [sentence(1)]));
    await untilEnded(api, task_id);
    return api.post(`/v1/tasks/${task_id}/retry`);
  },
  parent_canceled: async () => {
    const parent = await makeBatch(api, [sentence(1)]);
    const { body } = await api.post(`${parent.path}/submit`, { delay: 60 }).expect(202);
    await api.post(`/v1/tasks/${String(body["task_id"])}/kill`).expect(202);
    const child = await makeBatch(api, [sentence(1)]);
    return api.post(`${child.path}/submit`, { parent_task_id: body["task_id"] });
  },
  report_superseded: async () => {
    const { task_id } = await submit(api, await makeBatch(api, [sentence(1)]));
    await untilEnded(api, task_id);
    const current = world.stack.vars["SEALING_KEY"] ?? "";
    const token = await reportToken({ current }, task_id, 1);
    return api.as({ key: token }).patch(`/v1/tasks/${task_id}`, {});
  },
  webhook_not_active: async () => resendOf("0", `whk_${"0".repeat(32)}`),
  webhook_has_no_url: async () => {
    const { body } = await api
      .post("/v1/webhooks", { url: null, event_types: ["task.failed"] })
      .expect(201);
    return api.post(`/v1/webhooks/${String(body["webhook_id"])}/test`);
  },
  delivery_not_resendable: async () => {
    const endpoint = { url: "https://hooks.example.com/in", event_types: ["task.failed"] };
    const { body } = await api.post("/v1/webhooks", endpoint).expect(201);
    return resendOf("1", String(body["webhook_id"]));
  },
  delivery_not_skippable: async () => {
    const { body } = await api.get("/v1/namespaces/errors").expect(200);
    const _id = `dlv_${"2".repeat(32)}`;
    const deliveries = mongo.db(world.database).collection<StrayTask>("deliveries");
    await deliveries.insertOne({ _id, namespace_id: body["namespace_id"], state: "DELIVERED" });
    return api.post(`/v1/deliveries/${_id}/skip`);
  },
  idempotency_key_reused: async () => {
    const key = { "Idempotency-Key": "k" };
    const [one, other] = await Promise.all([1, 2].map(() => makeBatch(api, [sentence(1)])));
    await api.post(`${one?.path}/submit`, {}, key).expect(202);
    return api.post(`${other?.path}/submit`, {}, key);
  },
  invalid_cursor: () => api.post("/v1/buckets/list", { cursor: "nonsense" }),
  store_unavailable: async () => {
    const lift = world.mongo.faults.add({
      phase: "before",
      match: () => true,
      action: { kind: "refuse" },
    });
    const answer = await api.post("/v1/buckets/list", {});
    lift();
    return answer;
  },
  internal_error: async () => api.get(await insertTask(strayTask("1"))),
};

describe("docs/errors.md", () => {
  it("has exactly the codes of the contract, each with its status", () => {
    const table = page.slice(0, page.indexOf("## Responses to QStash"));
    const documented = [...tableRows(table)].map(
      ([code, [status]]) => [code, Number(status)] as const,
    );
    const real = ErrorCode.options.map((code) => [code, presentation(code).status] as const);
    expect(new Map(documented)).toEqual(new Map<string, number>(real));
  });

  it("has exactly the codes that a task's last_error can have", async () => {
    const codes = new Set<string>();
    for (const folder of ["src/content", "src/engine"]) {
      const root = new URL(`../../${folder}/`, import.meta.url);
      for (const file of await readdir(root, { recursive: true })) {
        if (!file.endsWith(".ts") || file.includes("test")) continue;
        const text = await readFile(new URL(file, root), "utf8");
        const raised =
          /(?:NonRetryableError\(|fail\(\s*state,|errorOf\(\s*\w+,|\bcode:(?: error instanceof NonRetryableError \? error\.code :)?)\s*"(\w+)"/g;
        for (const [, code = ""] of text.matchAll(raised)) codes.add(code);
      }
    }
    const documented = [...tableRows(section(page, "## Errors of a task")).keys()];
    expect(documented.toSorted()).toEqual([...codes, ...ObjectFailureCode.options].toSorted());
  });

  it.each(ErrorCode.options)("%s is really given, as a problem and as documented", async (code) => {
    const answer = await PROVOCATIONS[code]();
    expect(answer.headers.get("Content-Type")).toBe("application/problem+json");
    const problem = Problem.parse(answer.body);
    expect(problem.code, answer.text).toBe(code);
    expect(problem).toMatchObject({ type: `urn:waybill:problem:${code}`, status: answer.status });
    expect(problem.request_id).toBe(answer.headers.get("X-Request-Id"));
    expect(Number(tableRows(page).get(code)?.[0])).toBe(answer.status);
    expect(answer.headers.has("Retry-After")).toBe(code === "store_unavailable");
    expect(answer.headers.get("Allow")).toBe(code === "method_not_allowed" ? "POST" : null);
    expect(answer.text).not.toMatch(/\.ts:\d|\bat \w+ \(/);
  });
});
