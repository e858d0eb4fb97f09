/**
 * Waybill beside what is the least that such a worker could do, in one run: see docs/performance.md.
 * Ends with an error only when something failed, never because a figure is low.
 */
import { parseArgs } from "node:util";
import { pathToFileURL } from "node:url";
import { measureDocuments } from "./documents.ts";
import { measurePolls } from "./polls.ts";
import { type Comparison, table } from "./report.ts";
import { measureSubmits } from "./submits.ts";
import { buildFloors, startTestBed, type TestBed } from "./test-bed.ts";

const USAGE = `npm run bench -- [options]
  --json            the figures as JSON instead of a table
  --only GROUP      polls, submits or documents; may be given several times
  --rounds N        how often each is measured; the medians are shown (5)
  --bundle FILE     another build of the worker than dist/worker.js`;

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: ["polls", "submits", "documents"] },
    rounds: { type: "string", default: "5" },
    bundle: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

const POLL_SECONDS = 1.5;
const SUBMITS_PER_CLIENT = 20;

/** Batches take seconds each, and vary little. */
const DOCUMENT_ROUNDS = 3;

/** What is measured, and whether jobs run meanwhile. */
const GROUPS: readonly (readonly [
  name: string,
  deliveries: "held" | "live",
  measure: (bed: TestBed, rounds: number) => Promise<readonly Comparison[]>,
])[] = [
  ["polls", "held", (bed, rounds) => measurePolls(bed, rounds, POLL_SECONDS)],
  ["submits", "held", (bed, rounds) => measureSubmits(bed, rounds, SUBMITS_PER_CLIENT)],
  [
    "documents",
    "live",
    async (bed, rounds) => [await measureDocuments(bed, Math.min(rounds, DOCUMENT_ROUNDS))],
  ],
];

async function measure(rounds: number, groups: ReadonlySet<string>): Promise<Comparison[]> {
  const floors = await buildFloors();
  const bundle = values.bundle === undefined ? undefined : pathToFileURL(values.bundle);
  const withBed = async (
    deliveries: "held" | "live",
    use: (bed: TestBed) => Promise<readonly Comparison[]>,
  ) => {
    const bed = await startTestBed({ deliveries, bundle, floorsBundle: floors.bundle });
    try {
      return await use(bed);
    } finally {
      await bed.close();
    }
  };
  try {
    const comparisons: Comparison[] = [];
    for (const [name, deliveries, measureGroup] of GROUPS) {
      if (!groups.has(name)) continue;
      say(`${name} …`);
      comparisons.push(...(await withBed(deliveries, (bed) => measureGroup(bed, rounds))));
    }
    return comparisons;
  } finally {
    await floors.remove();
  }
}

/** What goes on stands apart from what comes out. */
function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

const rounds = Number(values.rounds);
if (values.help || !Number.isInteger(rounds) || rounds < 1) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}
const comparisons = await measure(rounds, new Set(values.only));
console.log(values.json ? JSON.stringify(comparisons, null, 2) : table(comparisons));
