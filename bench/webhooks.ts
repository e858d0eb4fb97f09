/**
 * Whether slow and failing endpoints delay the others: the time from an event's acceptance to its
 * receipt at the fine ones, in a namespace that has only those and in one where a third of the
 * endpoints answer slowly, a third fail and a third are fine, in turn. Each event is for one
 * endpoint, and the fine ones get as many a second in both: see docs/performance.md.
 * `npm run build && node bench/webhooks.ts`
 */
import { createServer, type Server, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import { startWorkerd } from "../local/workerd.ts";
import { type Api, createApi } from "../test/support/api.ts";
import { manyAtOnce } from "./fixtures.ts";
import { median, percentile } from "./statistics.ts";
import { startStandIns } from "./test-bed.ts";

const USAGE = `npm run build && node bench/webhooks.ts [options]
  --endpoints N     in the mixed namespace (999); a third of them in the other
  --rounds N        how often each is measured (5)
  --events N        events a round for the fine ones (100)
  --rate N          of those, a second (5)
  --slow MS         how long a slow endpoint takes (3000)`;

/** What the ratio is to be at the most. */
const TARGET = 1.5;

const KINDS = ["fine", "slow", "failing"] as const;
type Kind = (typeof KINDS)[number];

/** What hasn't arrived by then never will. */
const TIMEOUT_MS = 60_000;

const { values } = parseArgs({
  options: {
    endpoints: { type: "string", default: "999" },
    rounds: { type: "string", default: "5" },
    events: { type: "string", default: "100" },
    rate: { type: "string", default: "5" },
    slow: { type: "string", default: "3000" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const [endpoints, rounds, events, rate, slowMs] = [
  values.endpoints,
  values.rounds,
  values.events,
  values.rate,
  values.slow,
].map(Number);
if (![endpoints, rounds, events, rate, slowMs].every((value) => value !== undefined && value > 0)) {
  console.error(USAGE);
  process.exit(2);
}

const Payload = z.object({
  data: z.object({ task: z.object({ task_id: z.string() }) }),
});

/** When each task's event was received, by the path's first part. */
type Receiver = {
  readonly url: string;
  readonly receivedAt: Map<string, number>;
  close(): void;
};

async function startReceiver(delayMs: number): Promise<Receiver> {
  const receivedAt = new Map<string, number>();
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const at = performance.now();
      const { data } = Payload.parse(JSON.parse(Buffer.concat(chunks).toString()));
      const id = data.task.task_id;
      if (!receivedAt.has(id)) receivedAt.set(id, at);
      void answer(request.url ?? "", response);
    });
  });
  async function answer(path: string, response: ServerResponse): Promise<void> {
    if (path.startsWith("/slow")) await sleep(delayMs);
    response.writeHead(path.startsWith("/failing") ? 500 : 204).end();
  }
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP port was given");
  return {
    url: `http://127.0.0.1:${address.port}`,
    receivedAt,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A namespace with so many endpoints of each of these kinds, each for the events of its own tag. */
async function makeNamespace(
  admin: Api,
  name: string,
  receiverUrl: string,
  kinds: readonly Kind[],
  each: number,
): Promise<Api> {
  await admin.post("/v1/namespaces", { name }).expect(201);
  const api = admin.as({ namespace: name });
  await api.put("/v1/task-types/bench.event", { executor_url: `${receiverUrl}/executor` });
  for (const kind of kinds) {
    await manyAtOnce(each, async (index) => {
      const tag = `${kind}-${index}`;
      const url = `${receiverUrl}/${kind}/${index}`;
      const body = { url, event_types: ["task.canceled"], tags: [tag] };
      await api.post("/v1/webhooks", body).expect(201);
    });
  }
  return api;
}

/** So many tasks that wait, for the endpoints in turn: killing one is the event. */
function makeTasks(api: Api, kind: Kind, count: number, each: number): Promise<string[]> {
  return manyAtOnce(count, async (index) => {
    const tags = [`${kind}-${index % each}`];
    const body = { task_type: "bench.event", input: {}, tags, delay: 86_400 };
    const { body: task } = await api.post("/v1/tasks", body).expect(202);
    return z.string().parse(task["task_id"]);
  });
}

type Bench = { readonly receiver: Receiver; readonly each: number };

/** One round: events at a steady pace; the milliseconds from acceptance to receipt at the fine ones. */
async function measure(
  { receiver, each }: Bench,
  api: Api,
  kinds: readonly Kind[],
  count: number,
  perSecond: number,
): Promise<readonly number[]> {
  const tasks = new Map<Kind, readonly string[]>();
  for (const kind of kinds) tasks.set(kind, await makeTasks(api, kind, count, each));
  const acceptedAt = new Map<string, number>();
  const began = performance.now();
  const kills: Promise<void>[] = [];
  for (let index = 0; index < count; index += 1) {
    // Evenly in time, so that one kind's event doesn't meet the others' at the same moment.
    for (const [place, kind] of KINDS.entries()) {
      if (!kinds.includes(kind)) continue;
      const turn = index + place / KINDS.length;
      await sleep(Math.max(0, began + (turn * 1000) / perSecond - performance.now()));
      const id = tasks.get(kind)?.[index] ?? "";
      kills.push(
        api
          .post(`/v1/tasks/${id}/kill`, {})
          .expect(202)
          .then(() => void acceptedAt.set(id, performance.now())),
      );
    }
  }
  await Promise.all(kills);
  const fine = tasks.get("fine") ?? [];
  const deadline = performance.now() + TIMEOUT_MS;
  while (!fine.every((id) => receiver.receivedAt.has(id))) {
    if (performance.now() > deadline) throw new Error("an event has not arrived");
    await sleep(50);
  }
  return fine.map((id) =>
    Math.max(0, (receiver.receivedAt.get(id) ?? 0) - (acceptedAt.get(id) ?? 0)),
  );
}

async function main(count: {
  readonly endpoints: number;
  readonly rounds: number;
  readonly events: number;
  readonly rate: number;
  readonly slowMs: number;
}): Promise<void> {
  const [standIns, receiver] = await Promise.all([
    startStandIns("live"),
    startReceiver(count.slowMs),
  ]);
  const worker = await startWorkerd({ vars: standIns.vars });
  try {
    const admin = createApi(() => worker.url, standIns.adminKey);
    const each = Math.floor(count.endpoints / KINDS.length);
    const alone = await makeNamespace(admin, "alone", receiver.url, ["fine"], each);
    const mixed = await makeNamespace(admin, "mixed", receiver.url, KINDS, each);
    const bench = { receiver, each };
    const both = [
      { api: alone, kinds: ["fine"] as const, p95s: [] as number[], p50s: [] as number[] },
      { api: mixed, kinds: KINDS, p95s: [] as number[], p50s: [] as number[] },
    ];
    // One round is for the compilers.
    for (let round = -1; round < count.rounds; round += 1) {
      for (const one of round % 2 === 0 ? both : both.toReversed()) {
        const times = await measure(bench, one.api, one.kinds, count.events, count.rate);
        // What is still slow or tried again is over before the next one begins.
        await sleep(count.slowMs + 8_000);
        if (round < 0) continue;
        one.p95s.push(percentile(times, 0.95));
        one.p50s.push(percentile(times, 0.5));
        process.stderr.write(
          `${one.kinds.join(", ")}: p50 ${percentile(times, 0.5).toFixed(1)} ms, p95 ${percentile(times, 0.95).toFixed(1)} ms\n`,
        );
      }
    }
    const [first, second] = both;
    const ratios = (second?.p95s ?? []).map((p95, round) => p95 / (first?.p95s[round] ?? 1));
    console.log(
      `| endpoints | p50 ms | p95 ms | p95, ratio (spread) | target |\n| --- | --- | --- | --- | --- |`,
    );
    const row = (name: string, index: number, ratio: string, target: string) =>
      `| ${name} | ${median(both[index]?.p50s ?? []).toFixed(1)} | ${median(both[index]?.p95s ?? []).toFixed(1)} | ${ratio} | ${target} |`;
    const spread = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;
    console.log(row(`${each} fine`, 0, "", ""));
    console.log(
      row(
        `${each} fine, ${each} slow (${count.slowMs} ms), ${each} failing`,
        1,
        `**${median(ratios).toFixed(2)}** (${spread})`,
        `≤ ${TARGET}`,
      ),
    );
  } finally {
    await worker.close();
    receiver.close();
    await standIns.close();
  }
}

await main({
  endpoints: endpoints ?? 0,
  rounds: rounds ?? 0,
  events: events ?? 0,
  rate: rate ?? 0,
  slowMs: slowMs ?? 0,
});
