import { readFile, writeFile } from "node:fs/promises";
import { type Db, type Document, MongoClient } from "mongodb";
import { z } from "zod";
import { type DrivenClock, drivenClock } from "../../local/qstash/clock.ts";
import { TestReceiver } from "../contracts/qstash/receiver.ts";
import type { Api } from "../support/api.ts";
import { type KillableWorld, startKillableWorld } from "../support/world.ts";

export const SEALING_KEY = "0123456789abcdef".repeat(4);

/**
 * Limits of one step that are lowered in the recorded bundle, so that a few documents and endpoints
 * lead to states that take a thousand otherwise. What is stored shapes the same.
 */
const LOWERED = ["DELIVERIES_PER_STEP", "MAX_DOCUMENTS_PER_STEP", "MAX_ASSIGNED_PER_STEP"];

/** The collections whose documents tell one stop from another, the tasks first. */
const WITH_SHAPES = [
  "tasks",
  "batches",
  "cluster_models",
  "schedules",
  "webhooks",
  "events",
  "deliveries",
] as const;

const BUNDLE = new URL("../../dist/recorded-worker.js", import.meta.url);

/** The worker and its stack while a set is recorded. The queue's clock stands still unless a scene moves it. */
export type Recorder = {
  readonly world: KillableWorld;
  readonly clock: DrivenClock;
  readonly db: Db;
  /** Stands for endpoints, executors and pages. Paths `/down…` and `/later…` answer 503, `/gone…` 410. */
  readonly receiver: TestReceiver;
  /** The report token of each task that an executor was given. */
  readonly tokens: Map<string, string>;
  readonly inNamespace: (name: string) => Promise<Api>;
  /**
   * Runs an action to its end once and notes each new shape that the stored documents take on the way
   * (their states and phases). Then it runs the action anew for each of those shapes, and kills the
   * worker at the write that leads to it.
   */
  readonly everyStop: <Ready>(
    prepare: () => Promise<Ready>,
    act: (ready: Ready) => Promise<unknown>,
  ) => Promise<void>;
  /** Runs an action and kills the worker at the first write after which `isThere` holds. */
  readonly stopWhen: (
    act: () => Promise<unknown>,
    isThere: () => Promise<boolean>,
  ) => Promise<void>;
};

/** Starts a {@link Recorder} on the bundle of `npm run build`. */
export async function startRecorder(): Promise<Recorder> {
  await writeFile(BUNDLE, await loweredBundle());
  const clock = drivenClock(Date.now(), { heldAfterMs: 30_000 });
  const receiver = new TestReceiver(() => clock.now());
  const tokens = new Map<string, string>();
  receiver.answering = ({ path, body }) => {
    if (path.startsWith("/executor")) noteToken(body, tokens);
    if (path.startsWith("/page"))
      return {
        status: 200,
        headers: { "Content-Type": "text/plain" },
        body: "A page about the harbour.",
      };
    if (path.startsWith("/down")) return { status: 503, body: "down" };
    if (path.startsWith("/later"))
      return { status: 503, body: "later", headers: { "Retry-After": "60" } };
    return { status: path.startsWith("/gone") ? 410 : 200 };
  };
  await receiver.start();
  // After each step of a job its state is stored; after three it goes on in another invocation.
  const vars = { SEALING_KEY, HEARTBEAT_INTERVAL_MS: "0", INVOCATION_MAX_STEPS: "3" };
  const world = await startKillableWorld({ clock, vars, bundle: BUNDLE });
  const client = await MongoClient.connect(world.mongo.uri);
  const db = client.db(world.database);

  /** The shapes that some scene has stopped at or passed. */
  const shapes = new Set<string>();
  const { faults } = world.mongo;

  /**
   * Runs an action. Holds the answer to each write until `next` has decided: "stop" kills the worker
   * there. Returns whether it was killed.
   */
  async function watch(
    act: () => Promise<unknown>,
    next: () => Promise<"go on" | "stop">,
  ): Promise<boolean> {
    let stop: (() => void) | undefined;
    const stopped = new Promise<true>((resolve) => {
      stop = () => resolve(true);
    });
    let turn: Promise<void> = Promise.resolve();
    const decide = async () => {
      if ((await next()) === "go on") return;
      stop?.();
      await new Promise<never>(() => undefined);
    };
    faults.add({
      phase: "after",
      // Each pool object makes the indexes at its first operation, whatever the scene does.
      match: ({ name, isWrite }) => isWrite && name !== "createIndexes",
      get action() {
        turn = turn.then(decide);
        return { kind: "hold", until: turn } as const;
      },
    });
    const acted = act()
      .catch(() => undefined)
      .then(() => world.stack.qstash.idle())
      .then(() => false as const);
    const isStopped = await Promise.race([stopped, acted]);
    if (isStopped) await world.restartWorker();
    faults.clear();
    await world.stack.qstash.idle();
    return isStopped;
  }

  return {
    world,
    clock,
    db,
    receiver,
    tokens,
    inNamespace: (name) => world.inNamespace(name),
    everyStop: async (prepare, act) => {
      const since = await newestIds(db);
      const ready = await prepare();
      const stops: string[] = [];
      shapes.add(await shapeSince(db, since));
      await watch(
        () => act(ready),
        async () => {
          const shape = await shapeSince(db, since);
          if (!shapes.has(shape)) stops.push(shape);
          shapes.add(shape);
          return "go on";
        },
      );
      for (const wanted of stops) {
        const before = await newestIds(db);
        const again = await prepare();
        const isStopped = await watch(
          () => act(again),
          async () => ((await shapeSince(db, before)) === wanted ? "stop" : "go on"),
        );
        // Concurrent writes come in another order now and then.
        if (!isStopped) console.log(`  not seen again:\n${wanted}`);
      }
      console.log(`  ${stops.length} stops`);
    },
    stopWhen: async (act, isThere) => {
      const isStopped = await watch(act, async () => ((await isThere()) ? "stop" : "go on"));
      if (!isStopped) throw new Error("the action ended first");
    },
  };
}

async function loweredBundle(): Promise<string> {
  let text = await readFile(new URL("../../dist/worker.js", import.meta.url), "utf8");
  for (const name of LOWERED) {
    const limit = new RegExp(`var ${name} = (1e3|2e3|1000|2000);`);
    if (!limit.test(text)) throw new Error(`${name} is not in the bundle`);
    text = text.replace(limit, `var ${name} = 2;`);
  }
  return text;
}

const Job = z.object({
  data: z.object({ token: z.string(), task: z.object({ task_id: z.string() }) }),
});

function noteToken(body: string, tokens: Map<string, string>): void {
  const { token, task } = Job.parse(JSON.parse(body)).data;
  tokens.set(task.task_id, token);
}

/** The newest id of each collection of {@link WITH_SHAPES}. Ids sort by age. */
async function newestIds(db: Db): Promise<ReadonlyMap<string, string>> {
  const newest = await Promise.all(
    WITH_SHAPES.map(async (collection) => {
      const [last] = await db.collection(collection).find().sort({ _id: -1 }).limit(1).toArray();
      return [collection, String(last?.["_id"] ?? "")] as const;
    }),
  );
  return new Map(newest);
}

/** The shape of all newer documents: states and phases, without ids, times and counts. */
async function shapeSince(db: Db, since: ReadonlyMap<string, string>): Promise<string> {
  const shapes = await Promise.all(
    [...since].map(async ([collection, id]) => {
      const rows = db.collection<{ _id: string }>(collection);
      const documents = await rows.find({ _id: { $gt: id } }).toArray();
      return documents.map((one) => `${collection} ${shapeOf(one)}`);
    }),
  );
  // Tasks of the same shape count each: a parent and its child, say.
  const [tasks = [], ...others] = shapes;
  return [...tasks, ...new Set(others.flat())].toSorted().join("\n");
}

const isThere = (value: unknown) => (value === null || value === undefined ? "" : "+");

function shapeOf(document: Document): string {
  const { checkpoint, lease_token, cancel, outbox_at, fan_out, pending_events, circuit, attempts } =
    document;
  return [
    document["task_type"],
    document["status"],
    document["state"],
    document["hold"],
    document["phase"],
    checkpoint &&
      [
        checkpoint.phase,
        checkpoint.position?.kind,
        checkpoint.pass,
        checkpoint.met,
        isThere(checkpoint.partial),
      ].join(","),
    isThere(lease_token),
    isThere(document["relay_at"]),
    isThere(document["unsynced_at"]),
    isThere(document["last_task_id"]),
    isThere(cancel),
    isThere(outbox_at),
    isThere(fan_out),
    Array.isArray(pending_events) && pending_events.length > 0,
    circuit?.state,
    Array.isArray(attempts) && attempts.length > 0,
  ].join("|");
}
