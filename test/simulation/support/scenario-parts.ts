import type { FaultPlan, FaultRule } from "../../../local/faults.ts";
import { CreatedWebhook } from "../../../src/contract/webhook.ts";
import { isTerminal } from "../../../src/contract/status.ts";
import type { Answer, Api } from "../../support/api.ts";
import { type BatchFixture, getTask, makeBatch, sentence, submit } from "../../support/fixtures.ts";
import type { Endpoint } from "./receiver.ts";
import type { Simulation } from "./simulation.ts";

/** A caller in a namespace of its own, with a batch that is still a DRAFT. */
export type Case = { readonly api: Api; readonly batch: BatchFixture };

/** A new namespace with a batch of so many small objects, all of the bucket or chosen by id. */
export async function makeCase(
  simulation: Simulation,
  objects: number,
  which: "all" | "chosen" = "all",
): Promise<Case> {
  const api = await simulation.inNamespace();
  const batch = await makeBatch(
    api,
    Array.from({ length: objects }, (_, index) => sentence(index)),
  );
  if (which === "all") return { api, batch };
  const { bucketId, collectionId, objectIds } = batch;
  const request = { object_ids: objectIds, collection_id: collectionId };
  const chosen = await api.post(`/v1/buckets/${bucketId}/batches`, request).expect(201);
  const batchId = String(chosen.body["batch_id"]);
  return { api, batch: { ...batch, batchId, path: `/v1/buckets/${bucketId}/batches/${batchId}` } };
}

/** Registers an endpoint of the receiver, for every event of the namespace by default. */
export async function subscribe(
  { receiver }: Simulation,
  api: Api,
  eventTypes: readonly string[] = ["*"],
  request: object = {},
): Promise<Endpoint> {
  const endpoint = receiver.makeEndpoint();
  const answer = await api
    .post("/v1/webhooks", { url: endpoint.url, event_types: eventTypes, ...request })
    .expect(201);
  const { secret, webhook_id } = CreatedWebhook.parse(answer.body);
  endpoint.useSecret(secret, `/v1/webhooks/${webhook_id}`);
  return endpoint;
}

/** The id of a registered endpoint. */
export function webhookIdOf(endpoint: Endpoint): string {
  return endpoint.path().slice("/v1/webhooks/".length);
}

/** What a request came to: its answer, or null when the connection broke. */
export async function attempt(request: Promise<Answer>): Promise<Answer | null> {
  return request.catch(() => null);
}

/** A task that has ended, whose events the queue keeps back; `release` lets it dispatch them. */
export type Undispatched = Case & { readonly taskId: string; readonly release: () => void };

/** Runs a case's batch to its end, and not further. */
export async function endUndispatched(simulation: Simulation, made: Case): Promise<Undispatched> {
  const release = holdBack(simulation, "dispatch");
  const { task_id } = await submit(made.api, made.batch);
  await simulation.qstash.idle();
  const { status } = await getTask(made.api, task_id);
  if (!isTerminal(status)) throw new Error(`the task is still ${status}`);
  return { ...made, taskId: task_id, release };
}

/** Holds one operation of a service until it is opened. */
export function gateAt(
  faults: FaultPlan,
  rule: Omit<FaultRule, "action" | "onAct">,
): { readonly reached: Promise<void>; readonly open: () => void } {
  const door = new AbortController();
  const until = new Promise<void>((resolve) => {
    door.signal.addEventListener("abort", () => resolve());
  });
  const reached = new Promise<void>((resolve) => {
    const action = { kind: "hold", until } as const;
    faults.add({ ...rule, times: 1, action, onAct: () => resolve() });
  });
  return { reached, open: () => door.abort() };
}

/** The functions of the worker that the queue calls. */
export const FUNCTIONS = {
  job: "/internal/jobs/run",
  dispatch: "/internal/events/dispatch",
  delivery: "/internal/webhooks/deliver",
} as const;

export type QueueFunction = keyof typeof FUNCTIONS;

/** Keeps the queue from delivering a kind of message; the result lets all of them go. */
export function holdBack(
  { qstash }: Simulation,
  ...functions: readonly QueueFunction[]
): () => void {
  const { misbehaviours } = qstash;
  const lift = misbehaviours.add({
    kind: "reorder",
    after: Infinity,
    match: ({ target }) => functions.some((name) => target.endsWith(FUNCTIONS[name])),
  });
  return () => {
    lift();
    misbehaviours.releaseHeld();
  };
}
