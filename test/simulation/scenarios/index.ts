import { ALL_MODES, type Case, casesAt, recordScenario, runDisturbed } from "../support/cut-off.ts";
import type { Mode } from "../support/disturbance.ts";
import type { Scenario } from "../support/scenario.ts";
import type { Simulation } from "../support/simulation.ts";
import type { WritePoint } from "../support/write-points.ts";
import { circuit, delivery, dispatch, order, resume } from "./events.ts";
import { reports } from "./executor-report.ts";
import { fanOut, publishedFanOut } from "./fan-out.ts";
import { killPending, killProcessing } from "./kill.ts";
import { published } from "./publishing.ts";
import { replay, replaySuspended, resend, retry } from "./repair.ts";
import { forgetfulRun, run } from "./run.ts";
import { firing } from "./schedule-firing.ts";
import { growth } from "./schema.ts";
import { submission } from "./submit.ts";
import { handling } from "./subscribers.ts";
import { materialize } from "./taxonomy.ts";

type ModesAt = (point: WritePoint) => ReadonlySet<Mode>;

/** A scenario whose own types are its own matter. */
export type Sweepable = {
  readonly name: string;
  readonly hasSubscriber: boolean;
  /** Kinds of the writes at which a real worker is killed: just before the one, just after the other. */
  readonly kills: { readonly before: string; readonly after: string };
  record(simulation: Simulation): Promise<readonly WritePoint[]>;
  /** What goes wrong at a write. */
  casesAt(point: WritePoint): readonly Case[];
  runDisturbed(simulation: Simulation, one: Case): Promise<void>;
};

function sweepable<Prepared>(
  scenario: Scenario<Prepared>,
  before: string,
  after: string,
  modesAt: ModesAt = () => ALL_MODES,
): Sweepable {
  return {
    name: scenario.name,
    hasSubscriber: scenario.hasSubscriber === true,
    kills: { before, after },
    casesAt: (point) => casesAt(point, modesAt(point)),
    record: (simulation) => recordScenario(simulation, scenario),
    runDisturbed: (simulation, one) => runDisturbed(simulation, scenario, one),
  };
}

const KILLED: ReadonlySet<Mode> = new Set(["killed"]);

/** The others are those of `run`. */
const OF_FORGETTING: ModesAt = ({ service }) => new Set(service === "redis" ? ["flushed"] : []);

/** What Redis and the queue get is the same as of every job: `run` has all that can go wrong with it. */
const OF_LABELS: ModesAt = ({ service }) => (service === "mongodb" ? ALL_MODES : KILLED);

/** The writes of deliveries' attempts are those of any dispatch: `dispatch` has all of them. */
const OF_FAN_OUT: ModesAt = ({ kind }) =>
  kind === "update deliveries" || kind === "deliver webhooks/deliver" ? KILLED : ALL_MODES;

/** Tasks, from their submission to their end. */
export const TASK_SCENARIOS: readonly Sweepable[] = [
  sweepable(submission, "publish jobs/run", "insert tasks"),
  sweepable(run, "update documents", "findAndModify tasks"),
  sweepable(forgetfulRun, "EVAL waybill:task", "EVAL waybill:task", OF_FORGETTING),
  sweepable(killPending, "findAndModify batches", "findAndModify tasks"),
  sweepable(killProcessing, "update documents", "findAndModify tasks"),
  sweepable(reports, "insert events", "findAndModify tasks"),
  sweepable(firing, "insert tasks", "insert batches"),
  sweepable(materialize, "update documents", "findAndModify taxonomies", OF_LABELS),
];

/** Events, from the outbox to whom they are for. */
export const EVENT_SCENARIOS: readonly Sweepable[] = [
  sweepable(dispatch, "insert deliveries", "insert events"),
  sweepable(delivery, "findAndModify webhooks", "update deliveries"),
  sweepable(order, "update deliveries", "deliver webhooks/deliver"),
  sweepable(resume, "batch-item webhooks/deliver", "findAndModify webhooks"),
  sweepable(circuit, "update webhooks", "findAndModify webhooks"),
  sweepable(fanOut, "update tasks", "insert deliveries", OF_FAN_OUT),
  sweepable(publishedFanOut, "update events", "insert deliveries", OF_FAN_OUT),
  sweepable(published, "publish events/dispatch", "insert events"),
  sweepable(resend, "batch-item webhooks/deliver", "update deliveries"),
  sweepable(retry, "update deliveries", "batch-item webhooks/deliver"),
  sweepable(replay, "insert deliveries", "insert deliveries"),
  sweepable(replaySuspended, "update deliveries", "insert deliveries"),
  sweepable(growth, "update tasks", "update collections"),
  sweepable(handling, "update deliveries", "deliver webhooks/deliver"),
];

export const SCENARIOS: readonly Sweepable[] = [...TASK_SCENARIOS, ...EVENT_SCENARIOS];
