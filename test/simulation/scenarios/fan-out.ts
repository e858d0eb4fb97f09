import type { EndpointRecord } from "../../../src/ports/endpoint-store.ts";
import type { Api } from "../../support/api.ts";
import { submit } from "../../support/fixtures.ts";
import type { Scenario } from "../support/scenario.ts";
import { expectEnded, expectReceived } from "../support/invariants.ts";
import type { Endpoint } from "../support/receiver.ts";
import { publishing } from "../support/publishing.ts";
import { type Case, holdBack, makeCase, subscribe } from "../support/scenario-parts.ts";
import type { Simulation } from "../support/simulation.ts";
import { isSettled } from "../support/task-state.ts";

/** Endpoints between the first and the last that hear nothing of tasks: a step and a half. */
const DEAF = 1500;

type Crowded = Case & {
  readonly taskId: string;
  readonly endpoints: readonly Endpoint[];
  readonly release: () => void;
};

/** How much of an id is its time in milliseconds, in hexadecimal digits, behind the prefix. */
const ID_TIME = { from: "whk_".length, to: "whk_".length + 12 } as const;

/** Stores copies of an endpoint with ids of the millisecond after it, which is before the next one is made. */
async function crowd({ database }: Simulation, endpoint: EndpointRecord): Promise<void> {
  const { _id: id } = endpoint;
  const madeAt = Number.parseInt(id.slice(ID_TIME.from, ID_TIME.to), 16);
  const time = (madeAt + 1).toString(16).padStart(ID_TIME.to - ID_TIME.from, "0");
  const rest = id.slice(ID_TIME.to, -4);
  await database.insertMany(
    "webhooks",
    Array.from({ length: DEAF }, (_, index) => {
      const _id = `whk_${time}${rest}${index.toString(16).padStart(4, "0")}`;
      const event_types = ["namespace.migration.completed"];
      return { ...endpoint, _id, idempotency_slot: _id, event_types };
    }),
  );
}

/** The first and the last endpoint of a namespace, which are served in two steps. */
async function subscribeFarApart(where: Simulation, api: Api): Promise<readonly Endpoint[]> {
  const first = await subscribe(where, api);
  const stored = await where.database.findOne<EndpointRecord>("webhooks", { url: first.url });
  if (stored === null) throw new Error("the endpoint was not stored");
  await crowd(where, stored);
  return [first, await subscribe(where, api)];
}

async function prepare(where: Simulation): Promise<Crowded> {
  const made = await makeCase(where, 1);
  const endpoints = await subscribeFarApart(where, made.api);
  const release = holdBack(where, "dispatch", "job");
  const { task_id } = await submit(made.api, made.batch);
  await made.api.post(`/v1/tasks/${task_id}/kill`).expect(202);
  await where.qstash.idle();
  return { ...made, taskId: task_id, endpoints, release };
}

/** P3 of a fan-out in steps: whatever is lost or repeated, each endpoint gets each event once. */
export const fanOut: Scenario<Crowded> = {
  name: "a fan-out of two steps",
  disturbed: "until settled",
  prepare,
  act: async ({ qstash }, { release }) => {
    release();
    await qstash.idle();
  },
  isSettled: async ({ api, taskId, endpoints }) =>
    (await isSettled(api, taskId)) && endpoints.every((endpoint) => endpoint.received.length > 0),
  check: async ({ api, batch, taskId, endpoints }) => {
    await expectEnded(api, batch, { status: "CANCELED", documents: "as told" });
    for (const endpoint of endpoints) {
      await expectReceived(api, taskId, endpoint, undefined, endpoints.length);
    }
  },
};

export const publishedFanOut = publishing(
  "a published event's fan-out of two steps",
  subscribeFarApart,
);
