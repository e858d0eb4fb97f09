import { isTerminal } from "../../../src/contract/status.ts";
import type { TaskRecord } from "../../../src/ports/task-store.ts";
import type { NamespaceContext } from "../../../src/engine/context.ts";
import { DomainError } from "../../../src/engine/errors.ts";
import { submitBatch } from "../../../src/content/batch/submit-batch.ts";
import { createBatch } from "../../../src/content/batch/create-batch.ts";
import { killTask } from "../../../src/engine/tasks/kill-task.ts";
import { createCluster } from "../../../src/content/cluster/create-cluster.ts";
import { executeCluster } from "../../../src/content/cluster/execute-cluster.ts";
import { createTaxonomy } from "../../../src/content/taxonomy/create-taxonomy.ts";
import { startMaterialization } from "../../../src/content/taxonomy/start-materialization.ts";
import { createKillWorld, type KillWorld } from "./kill-world.ts";
import { createObjectStore } from "../../../src/content/objects/create-object-store.ts";

/** More events than a trial that ends has. */
const MAX_EVENTS = 20_000;

/** Nothing goes wrong any more once so much time has passed. */
const WILD_MS = 2 * 60_000;
const END_MS = 60 * 60_000;

/** Each task has objects of its own, so that each document is of one task. */
const TARGET_OBJECTS = 49;
const CHILD_OBJECTS = [3, 5];
const OBJECTS = 57;
const EMBEDDER = "hashed-ngram-256";

/** What the killed job may be. */
export type TrialKind = "batch" | "taxonomy" | "cluster";

/** A kill comes so soon as a rule; a cluster takes a minute, since it writes at each step. */
const KILLED_WITHIN_MS: Readonly<Record<TrialKind, number>> = {
  batch: 400,
  taxonomy: 400,
  cluster: 60_000,
};

/** What a trial came to. */
export type Trial = {
  readonly world: KillWorld;
  readonly target: TaskRecord;
  readonly children: readonly TaskRecord[];
  readonly kill: "accepted" | "refused";
};

/** Runs one job with two children, kills it at some moment, and lets everything come to its end. */
export async function runTrial(kind: TrialKind, seed: number): Promise<Trial> {
  const world = createKillWorld(seed);
  const { time, between, namespace } = world;
  const [bucketId, collectionId, childrens] = await seedContent(world);
  let target = "";
  const children: string[] = [];
  // What is submitted is submitted in calm; it isn't what is looked at here.
  world.world.isWild = false;
  const submissions = async (ctx: NamespaceContext) => {
    target = await startTarget(kind, ctx, bucketId, collectionId);
    let from = TARGET_OBJECTS;
    for (const size of CHILD_OBJECTS) {
      children.push(await startBatch(ctx, bucketId, childrens, { from, size }, target));
      from += size;
    }
  };
  let hasFailed = false;
  const ended = (failed: boolean) => {
    hasFailed = failed;
  };
  world.spawn({ taskId: null, mayCrash: false }, submissions, { ended });
  while (children.length < CHILD_OBJECTS.length) {
    if (hasFailed) throw new Error("the tasks were not submitted");
    await time.step();
  }
  world.world.isWild = true;

  let kill: Trial["kill"] | null = null;
  const ask = (): void => {
    let isAnswered = false;
    const answered = (answer: Trial["kill"]) => {
      kill ??= answer;
      isAnswered = true;
    };
    world.spawn({ taskId: null, mayCrash: true }, async (ctx) => {
      try {
        await killTask({ ctx, input: { taskId: target, reason: "enough" } });
        answered("accepted");
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        answered("refused");
      }
    });
    // Who hears nothing asks again.
    time.at(time.now() + 30_000, () => {
      if (!isAnswered) ask();
    });
  };
  const killAt = world.random() < 0.9 ? between(0, KILLED_WITHIN_MS[kind]) : between(0, 60_000);
  time.at(time.now() + killAt, ask);
  if (kind !== "batch") for (const ms of [500, 1500, 3000]) addDocuments(world, collectionId, ms);
  const calmAt = time.now() + WILD_MS;
  const allEnded = () =>
    [target, ...children].every((id) => isTerminal(world.task(id).status)) && kill !== null;
  for (let events = 0; !(allEnded() && time.alive() === 0 && time.now() > calmAt); events += 1) {
    if (events > MAX_EVENTS || time.now() > calmAt + END_MS) {
      const states = [target, ...children].map((id) => world.task(id).status);
      throw new Error(`it doesn't end: ${JSON.stringify({ states, kill, alive: time.alive() })}`);
    }
    if (time.now() > calmAt) world.world.isWild = false;
    await time.step();
  }
  if (kill === null) throw new Error(`nobody answered the kill in ${namespace.name}`);
  const taskOf = (id: string) => structuredClone(world.task(id));
  return { world, target: taskOf(target), children: children.map(taskOf), kill };
}

function startTarget(
  kind: TrialKind,
  ctx: NamespaceContext,
  bucketId: string,
  collectionId: string,
): Promise<string> {
  switch (kind) {
    case "batch":
      return startBatch(ctx, bucketId, collectionId, { from: 0, size: TARGET_OBJECTS });
    case "taxonomy":
      return startTaxonomy(ctx, collectionId);
    case "cluster":
      return startCluster(ctx, collectionId);
  }
}

async function seedContent(world: KillWorld): Promise<[string, string, string]> {
  const { database, newId, namespace, time } = world;
  const at = new Date(time.now());
  const common = { namespace_id: namespace._id, metadata: {}, created_at: at, updated_at: at };
  const bucket = newId("bucket");
  const [collection, other] = [newId("collection"), newId("collection")];
  const named = { ...common, name: "one", status: "ACTIVE" };
  await database.insertOne("buckets", { ...named, _id: bucket });
  // A batch that writes a document again takes its labels away: the children have their own.
  for (const _id of [collection, other]) {
    const schema = { embedding: { dimensions: 256 } };
    const record = { ...named, _id, name: _id, embedder: EMBEDDER, schema };
    const { kind } = await database.insertOne("collections", record);
    if (kind !== "inserted") throw new Error(`the collection ${_id} was refused`);
  }
  const objects = Array.from({ length: OBJECTS }, (_, index) => {
    const _id = newId("object");
    const content = { kind: "text", text: `Crate ${index} of tea.` };
    return { ...common, _id, bucket_id: bucket, key: _id, content };
  });
  await database.insertMany("objects", objects);
  for (let index = 0; index < 20; index += 1) await insertDocument(world, collection);
  return [bucket, collection, other];
}

/** Documents of somebody else, which the taxonomy finds in its next pass. */
function addDocuments(world: KillWorld, collectionId: string, inMs: number): void {
  world.time.at(world.time.now() + inMs, () => {
    for (let index = 0; index < 10; index += 1) void insertDocument(world, collectionId);
  });
}

function insertDocument(
  { database, newId, namespace, random, time }: KillWorld,
  collectionId: string,
) {
  const at = new Date(time.now());
  const document = {
    _id: newId("document"),
    namespace_id: namespace._id,
    collection_id: collectionId,
    task_id: "another",
    enrichments: {},
    text: "Tea.",
    embedding: Float32Array.from({ length: 256 }, () => random() / 8),
    created_at: at,
    updated_at: at,
  };
  return database.insertOne("documents", document);
}

async function startBatch(
  ctx: NamespaceContext,
  bucket: string,
  collection_id: string,
  { from, size }: { readonly from: number; readonly size: number },
  parent?: string,
): Promise<string> {
  const objects = await createObjectStore(ctx.database).list(
    ctx.namespace._id,
    { parentId: bucket },
    { direction: "ascending", limit: OBJECTS, after: null },
  );
  const object_ids = objects.rows.slice(from, from + size).map(({ _id }) => _id);
  const input = { bucket, batch: { object_ids, collection_id } };
  const { _id } = await createBatch({ ctx, input });
  const options = parent === undefined ? {} : { parent_task_id: parent };
  const submission = { bucket, batch: _id, options, keyed: null };
  return (await submitBatch({ ctx, input: submission }))._id;
}

async function startCluster(ctx: NamespaceContext, collection_id: string): Promise<string> {
  const request = { name: "goods", collection_ids: [collection_id], k: 2 };
  const { _id } = await createCluster({ ctx, input: request });
  return (await executeCluster({ ctx, input: { cluster: _id, options: {}, keyed: null } }))._id;
}

async function startTaxonomy(ctx: NamespaceContext, collection_id: string): Promise<string> {
  const nodes = [{ node_id: "tea", label: "Tea" }];
  const { _id } = await createTaxonomy({ ctx, input: { name: "goods", nodes, threshold: 0.1 } });
  const input = { taxonomy: _id, request: { collection_id }, keyed: null };
  return (await startMaterialization({ ctx, input }))._id;
}
