import { createRandom } from "../../../src/content/clustering/random.ts";
import { runJob } from "../../../src/engine/runner/run-job.ts";
import { parseConfig } from "../../../src/config.ts";
import { createNewId } from "../../../src/ids.ts";
import type { JobMessage, PublishOptions, Queue } from "../../../src/ports/queue.ts";
import type { TaskRecord } from "../../../src/ports/task-store.ts";
import { reapLeases } from "../../../src/engine/duties/reap-leases.ts";
import { relayEvents } from "../../../src/engine/duties/relay-events.ts";
import { relayTasks } from "../../../src/engine/duties/relay-tasks.ts";
import type { NamespaceContext } from "../../../src/engine/context.ts";
import { createIsolateMemory } from "../../../src/engine/isolate-memory.ts";
import { createMemoryGateway } from "../../webhooks/memory-gateway.ts";
import { storesOver, withUpserts } from "./virtual-stores.ts";
import { createVirtualTime, type Delays, type Process } from "./virtual-time.ts";
import { ENVIRONMENT } from "../../support/environment.ts";
import { REGISTRY } from "../../support/registry.ts";

const START_MS = Date.parse("2026-11-24T01:02:03.456Z");
/** Six times as often as it is: it comes as soon as a lease has ended. */
const CRON_MS = 10_000;

/** QStash repeats a message that failed, and one that nobody answered. */
const RETRY_MS = 12_000;
const UNANSWERED_MS = 120_000;
const MAX_RETRIES = 3;

/** One for all trials, since making it takes longer than a trial; ids are never the same. */
const memory = createIsolateMemory();

/** What an operation may take to have an effect, at the most (`src/ports/operation-time.ts`). */
const LONGEST_FLIGHT_MS = 19_900;

/** Whether a collection holds what jobs write beside their tasks. */
function isData(collection: unknown): boolean {
  return collection === "documents" || collection === "cluster_models";
}

/** A data write that took effect, and how its task stood at that moment. */
export type DataWrite = { readonly taskId: string; readonly status: string };

/** Runners, callers and cron on one database, each operation of which goes when its time has come. */
export function createKillWorld(seed: number) {
  const random = createRandom(seed);
  const time = createVirtualTime(START_MS);
  const database = withUpserts(createMemoryGateway());
  const config = parseConfig({ ...ENVIRONMENT, LEASE_SECONDS: "30", INVOCATION_MAX_STEPS: "2" });
  const newId = createNewId(() => new Date(time.now()));
  const writes: DataWrite[] = [];
  const counts = { crashes: 0 };
  /** Tasks of which a runner was to die. */
  const crashed = new Set<string>();
  /** Whether anything still goes wrong. */
  const world = { isWild: true };
  const namespace = { _id: newId("namespace"), name: "acme" };
  const between = (low: number, high: number) => low + Math.floor(random() * (high - low));
  const oneIn = (share: number) => world.isWild && random() < 1 / share;

  const delaysOf = (isDataWrite: boolean): Delays => ({
    flightMs: () => {
      if (oneIn(isDataWrite ? 3 : 25)) return between(1000, LONGEST_FLIGHT_MS);
      return oneIn(4) ? between(50, 1500) : between(1, 20);
    },
    // A program that sleeps for longer than its lease wakes up as a zombie; for almost as long, as one soon.
    pauseMs: () => {
      if (oneIn(40)) return between(1000, 150_000);
      return oneIn(20) ? between(15_000, 31_000) : between(1, 10);
    },
  });

  const task = (id: string): TaskRecord => {
    const row = database.rows("tasks").find(({ _id }) => _id === id);
    if (row === undefined) throw new Error(`there is no task ${id}`);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the store of tasks wrote
    return row as TaskRecord;
  };

  const publish = (message: JobMessage, { delaySeconds = 0 }: PublishOptions): Promise<void> => {
    deliver(message, time.now() + delaySeconds * 1000 + between(5, 200), 0);
    if (oneIn(10)) deliver(message, time.now() + between(5, 90_000), 0);
    return Promise.resolve();
  };
  const queue: Queue = {
    publishJob: publish,
    publishJobs: async (jobs) => {
      for (const { message, options } of jobs) await publish(message, options);
    },
    // What is on its way already arrives all the same.
    cancelJobs: () => Promise.resolve(),
    putSchedule: () => Promise.resolve(),
    deleteSchedule: () => Promise.resolve(),
    publishDispatch: () => Promise.resolve(),
    publishDispatches: () => Promise.resolve(),
    publishDeliveries: () => Promise.resolve(),
  };

  function deliver(message: JobMessage, atMs: number, retried: number): void {
    time.at(atMs, () => {
      let isAnswered = false;
      const again = (ms: number) => {
        if (retried < MAX_RETRIES) deliver(message, time.now() + ms, retried + 1);
      };
      spawn({ taskId: message.task_id, mayCrash: true }, (ctx) => runJob({ ctx, input: message }), {
        ended: (failed) => {
          isAnswered = true;
          if (failed) again(RETRY_MS);
        },
      });
      time.at(time.now() + UNANSWERED_MS, () => {
        if (!isAnswered) again(0);
      });
    });
  }

  /** Starts a program that works with stores of its own. */
  function spawn(
    { taskId, mayCrash }: { readonly taskId: string | null; readonly mayCrash: boolean },
    work: (ctx: NamespaceContext) => Promise<unknown>,
    { ended = () => undefined }: { readonly ended?: (failed: boolean) => void } = {},
  ): Process {
    const crash =
      mayCrash && oneIn(8)
        ? {
            operations: between(1, 15),
            lost: oneIn(2) ? ("answer" as const) : ("operation" as const),
          }
        : null;
    if (crash !== null) {
      counts.crashes += 1;
      if (taskId !== null) crashed.add(taskId);
    }
    const process: Process = {
      taskId,
      skewMs: between(-2000, 2000),
      crash,
      pending: 0,
      isOver: false,
    };
    const ctx = contextOf(process);
    time.spawn(process, () => work(ctx), ended);
    return process;
  }

  function contextOf(process: Process): NamespaceContext {
    const gateway = new Proxy(database, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        return (...parameters: unknown[]): unknown =>
          time.operate(process, delaysOf(name === "bulkUpdate"), () => {
            if (process.taskId !== null && name === "bulkUpdate" && isData(parameters[0])) {
              writes.push({ taskId: process.taskId, status: task(process.taskId).status });
            }
            return Promise.resolve(Reflect.apply(member, target, parameters));
          });
      },
    });
    return {
      config,
      runtime: {
        now: () => new Date(time.now() + process.skewMs),
        random,
        newId,
        log: () => undefined,
        defer: () => undefined,
        fetch: () => Promise.reject(new Error("nothing is fetched here")),
      },
      stores: storesOver(gateway, queue),
      database: gateway,
      env: {},
      ...REGISTRY,
      memory,
      readiness: {},
      principal: { kind: "admin" },
      namespace,
    };
  }

  /** Cron comes late, and is told the time that it was meant for. */
  function scheduleCron(turn: number): void {
    const scheduledMs = START_MS + turn * CRON_MS;
    time.at(scheduledMs + between(0, 1_000), () => {
      const scheduled = new Date(scheduledMs);
      spawn({ taskId: null, mayCrash: true }, async (ctx) => {
        await relayTasks(ctx, scheduled, () => false);
        await reapLeases(ctx, scheduled, () => false);
        await relayEvents(ctx, scheduled, () => false);
      });
      scheduleCron(turn + 1);
    });
  }
  scheduleCron(1);

  return {
    time,
    database,
    random,
    between,
    world,
    writes,
    counts,
    crashed,
    namespace,
    newId,
    spawn,
    task,
    queue,
  };
}

export type KillWorld = ReturnType<typeof createKillWorld>;
