import { expect } from "vitest";
import type { Answer, Api } from "../../support/api.ts";
import type { ReceivedJob } from "../../support/executor.ts";
import { getTask } from "../../support/fixtures.ts";
import type { Scenario } from "../support/scenario.ts";
import { expectConsistent } from "../support/invariants.ts";
import { attempt } from "../support/scenario-parts.ts";
import { passTimeUntil, type Simulation } from "../support/simulation.ts";
import { historyOf, isSettled } from "../support/task-state.ts";

const TYPE = "gpu.train";

/** Longer than a case takes: a silence of that length is another matter. */
const HEARTBEAT_S = 86_400;

type AtWork = {
  readonly at: Simulation;
  readonly api: Api;
  readonly taskId: string;
  readonly report: (body: object) => Promise<Answer | null>;
  /** What the reports were answered; null where the connection broke. */
  readonly answers: (number | null)[];
};

const PROGRESS = { progress: { completed: 1, total: 2 }, additional_data: { job_id: "ray-1" } };
const END = { status: "COMPLETED", outputs: [{ model: "m.bin" }] };

/** P1 and P2 of an executor's reports: whoever isn't answered reports again, and it counts once. */
export const reports: Scenario<AtWork> = {
  name: "an executor's reports",
  disturbed: "until settled",
  prepare: async (at) => {
    const api = await at.inNamespace();
    const { executor } = at.receiver;
    const terms = { executor_url: executor.url, heartbeat_timeout: HEARTBEAT_S };
    const type = await api.put(`/v1/task-types/${TYPE}`, terms).expect(201);
    executor.secret = String(type.body["secret"]);
    const made = await api.post("/v1/tasks", { task_type: TYPE, input: {} }).expect(202);
    const taskId = String(made.body["task_id"]);
    const find = () => executor.jobs.find(({ task }) => task.task_id === taskId);
    await passTimeUntil(at, async () => (await getTask(api, taskId)).status === "IN_PROGRESS");
    const job = find();
    if (job === undefined) throw new Error("the executor has no job");
    return { at, api, taskId, report: (body) => reportOn(api, job, body), answers: [] };
  },
  act: async (_simulation, { report, answers }) => {
    for (const body of [PROGRESS, END]) answers.push((await report(body))?.status ?? null);
  },
  release: async ({ at, report, answers }) => {
    await at.whenUp();
    for (const [index, body] of [PROGRESS, END].entries()) {
      if (answers[index] !== 200) answers[index] = (await report(body))?.status ?? null;
    }
  },
  // Still not answered: it tries on, as the examples do.
  insist: async ({ report }) => void (await report(END)),
  isSettled: async ({ api, taskId, report }) => {
    if ((await getTask(api, taskId)).status === "IN_PROGRESS") await report(END);
    return isSettled(api, taskId);
  },
  check: async ({ at, api, taskId }) => {
    const task = await getTask(api, taskId);
    expect(task).toMatchObject({ status: "COMPLETED", outputs: END.outputs, attempt: 1 });
    const history = await historyOf(api, taskId);
    expectConsistent(history);
    expect(history.attempts).toHaveLength(1);
    expect(at.receiver.executor.jobs.filter((job) => job.task.task_id === taskId)).toHaveLength(1);
  },
};

function reportOn(api: Api, job: ReceivedJob, body: object): Promise<Answer | null> {
  const headers = { Authorization: `Bearer ${job.token}`, "Content-Type": "application/json" };
  const path = new URL(job.report_url).pathname;
  return attempt(api.raw("PATCH", path, JSON.stringify(body), headers));
}
