import { COPIED_KINDS } from "../../../src/content/migration/copied-kinds.ts";
import { type Cost, RUN } from "./expected.ts";
import { less } from "./meter.ts";

const READ_RUN = "find cluster_models";
const WRITE_RUN = "update cluster_models";

/** What each step of a cluster's run asks MongoDB for, in order; a list of steps is a run of 30 documents. */
export const CLUSTER_STEPS: readonly (readonly [step: string, operations: readonly string[]])[] = [
  ["claim", ["find tasks", "findAndModify tasks", "findAndModify clusters"]],
  [
    "start",
    [
      "find collections",
      "aggregate documents",
      "find cluster_models",
      "delete cluster_models",
      "insert cluster_models",
    ],
  ],
  ["scan, each 10,000 documents", [READ_RUN, "find documents", WRITE_RUN, WRITE_RUN]],
  ["deal", [READ_RUN, WRITE_RUN, WRITE_RUN]],
  ["seed", [READ_RUN, "find documents", WRITE_RUN]],
  ["train, each mini-batch", [READ_RUN, "find documents", WRITE_RUN]],
  ["score", [READ_RUN, "find documents", WRITE_RUN]],
  ["assign, each 1,000 documents", [READ_RUN, "find documents", "update documents", WRITE_RUN]],
  ["describe, the background", [READ_RUN, "find documents", WRITE_RUN]],
  [
    "describe, the last clusters",
    [READ_RUN, "find documents", "find collections", "delete cluster_models", WRITE_RUN],
  ],
  ["end", ["findAndModify tasks", "findAndModify clusters", "find webhooks"]],
];

const KINDS = COPIED_KINDS.map(({ name }) => name);

/** Of these the migration that is counted has no rows: a cluster's run would be counted with it. */
const EMPTY_KINDS: ReadonlySet<string> = new Set(["clusters", "cluster_models"]);

/** How often a phase asks for a kind: where there are rows, once more for each page behind the first. */
function asked(kind: string, verb: string, times: number): readonly string[] {
  const count = EMPTY_KINDS.has(kind) ? times - 1 : times;
  return Array.from({ length: count }, () => `${verb} ${kind}`);
}

/** What a migration of a few rows of most kinds asks for, phase by phase, beside {@link RUN}. */
const MIGRATION_DATA = [
  "findAndModify migrations",
  // Plans: is the name free, and how much there is.
  "find namespaces",
  ...KINDS.map((kind) => `aggregate ${kind}`),
  // Says, before the first write, that it can't be killed any more.
  "findAndModify tasks",
  "find namespaces",
  "insert namespaces",
  // Copies; then what was written since: all of it here, since it all is younger than a minute.
  ...KINDS.flatMap((kind) => [`find ${kind}`, ...asked(kind, "update", 1)]),
  ...KINDS.flatMap((kind) => [...asked(kind, "find", 2), ...asked(kind, "update", 1)]),
  // Verifies: the source, the target, and whether what the target has is in the source still.
  ...KINDS.flatMap((kind) => asked(kind, "find", 3)),
  "update migrations",
  "update namespaces",
  "findAndModify migrations",
] as const;

/** What a materialisation asks for before its first step: what there is to label, and where. */
const TAXONOMY_START = [
  "findAndModify taxonomies",
  "find collections",
  "update taxonomies",
  "aggregate documents",
] as const;

const PUBLISHED = ["publish /internal/jobs/run"] as const;

/** One batch's own fields: made, found by its submit, and showing its status. */
const FIRED_BATCH = [
  "find buckets",
  "find collections",
  "insert batches",
  "find batches",
  "findAndModify batches",
] as const;

const NOTHING = { redis: [], mongo: [], qstash: [] } as const;

/** What the other jobs cost: their submit, which the design allows what it allows a batch's, and their run. */
export const JOB_COSTS = {
  "execute a cluster": {
    redis: ["EVAL"],
    mongo: ["find clusters", "insert tasks", "findAndModify clusters"],
    qstash: PUBLISHED,
    limit: [1, 3, 1],
  },
  "a cluster's run over 30 documents": {
    redis: ["EVAL", "EVAL"],
    mongo: RUN,
    ownData: less(
      CLUSTER_STEPS.flatMap(([, operations]) => operations),
      RUN,
    ),
    qstash: [],
    limit: [4, 4, 0],
  },
  "materialise a taxonomy": {
    redis: ["EVAL"],
    mongo: ["find taxonomies", "insert tasks", "findAndModify taxonomies"],
    // A batch has named its collection before; a taxonomy is told of it now.
    ownData: ["find collections"],
    qstash: PUBLISHED,
    limit: [1, 3, 1],
  },
  "a taxonomy's run over 30 documents": {
    redis: ["EVAL", "EVAL"],
    mongo: RUN,
    ownData: [
      ...TAXONOMY_START,
      // Each 250 documents; then what came meanwhile.
      "find documents",
      "update documents",
      "find documents",
      "find documents",
      "findAndModify taxonomies",
    ],
    qstash: [],
    limit: [4, 4, 0],
  },
  "a taxonomy's run with nothing new": {
    redis: ["EVAL", "EVAL"],
    mongo: RUN,
    ownData: [...TAXONOMY_START, "findAndModify taxonomies"],
    qstash: [],
    limit: [4, 4, 0],
  },
  "start a migration": {
    redis: ["EVAL"],
    mongo: ["find migrations", "insert tasks", "findAndModify migrations"],
    qstash: PUBLISHED,
    limit: [1, 3, 1],
  },
  "a migration's run over a few rows of five kinds": {
    // One more, since the hot copy says too that it can't be killed any more.
    redis: ["EVAL", "EVAL", "EVAL"],
    mongo: RUN,
    ownData: MIGRATION_DATA,
    qstash: [],
    limit: [4, 4, 0],
  },
} as const satisfies Record<string, Cost>;

/** What a task costs whose work is done elsewhere, and a submission that nobody makes by hand. */
export const EXECUTOR_COSTS = {
  "submit an executor's task": {
    redis: ["EVAL"],
    mongo: ["find task_types", "insert tasks"],
    qstash: PUBLISHED,
    limit: [1, 3, 1],
  },
  "hand a task over to its executor": {
    redis: ["EVAL", "EVAL"],
    mongo: [
      "find tasks",
      "findAndModify tasks",
      // Where to, and the secret that signs.
      "find task_types",
      // That it was taken over, from when on silence counts.
      "findAndModify tasks",
      "find webhooks",
    ],
    qstash: [],
    limit: null,
  },
  "an executor's heartbeat": {
    ...NOTHING,
    redis: ["EVAL"],
    mongo: ["find tasks", "findAndModify tasks"],
    limit: null,
  },
  "an executor's report of progress": {
    ...NOTHING,
    redis: ["EVAL"],
    mongo: ["find tasks", "findAndModify tasks"],
    limit: null,
  },
  "an executor's report that makes an event (at most one each 10 s)": {
    ...NOTHING,
    redis: ["EVAL"],
    mongo: ["find tasks", "findAndModify tasks", "find webhooks"],
    limit: null,
  },
  "an executor's report of the end": {
    ...NOTHING,
    redis: ["EVAL"],
    mongo: ["find tasks", "findAndModify tasks", "find webhooks"],
    limit: null,
  },
  "one firing of a schedule that submits a bucket": {
    redis: ["EVAL"],
    // The second: a firing that comes twice makes nothing again.
    mongo: ["find schedules", "find tasks", "insert tasks", "update schedules"],
    ownData: FIRED_BATCH,
    qstash: PUBLISHED,
    limit: null,
  },
} as const satisfies Record<string, Cost>;
