/**
 * An executor for Waybill in TypeScript, on Node and the `standardwebhooks` package.
 *
 * It takes tasks of a registered type, counts the primes below `input.limit`, reports progress,
 * and stops when the answer to a report shows a kill. Register the type as `executor.py` says, and
 * start it: `WAYBILL_SECRET=whsec_... PORT=9000 node examples/executor.ts`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import { z } from "zod";

const REPORT_TRIES = 5;
const SLICE = 20_000;

const Job = z.object({
  data: z.object({
    task: z.object({ task_id: z.string() }),
    input: z.object({ limit: z.int().positive() }),
    report_url: z.string(),
    token: z.string(),
  }),
});

type Job = z.infer<typeof Job>["data"];

const Reported = z.object({ cancel: z.object({ reason: z.string().nullable() }).nullable() });

/** Another attempt has the task now: stop, and write nothing more. */
class SupersededError extends Error {}

/** Sends a report and gives the task back; tries again while the service can't be reached. */
async function report(job: Job, body: object): Promise<z.infer<typeof Reported>> {
  for (let attempt = 0; attempt < REPORT_TRIES; attempt += 1) {
    const response = await fetch(job.report_url, {
      method: "PATCH",
      headers: { Authorization: `Bearer ${job.token}`, "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(15_000),
    }).catch(() => null);
    if (response?.ok) return Reported.parse(await response.json());
    if (response?.status === 409) throw new SupersededError();
    if (response !== null && response.status < 500) throw new Error(await response.text());
    await sleep(1000 * 2 ** attempt);
  }
  throw new Error("the service could not be reached");
}

function isPrime(number: number): boolean {
  if (number < 2) return false;
  for (let divisor = 2; divisor * divisor <= number; divisor += 1) {
    if (number % divisor === 0) return false;
  }
  return true;
}

/** Counts primes slice by slice; each report is a heartbeat and brings the news of a kill. */
async function work(job: Job): Promise<void> {
  const { limit } = job.input;
  let found = 0;
  for (let start = 0; start < limit; start += SLICE) {
    const end = Math.min(start + SLICE, limit);
    for (let number = start; number < end; number += 1) if (isPrime(number)) found += 1;
    const progress = { completed: end, total: limit, unit: "numbers" };
    const { cancel } = await report(job, { progress });
    if (cancel !== null) {
      await report(job, { status: "CANCELED", outputs: [{ primes_so_far: found }] });
      return;
    }
    await nextTurn();
  }
  await report(job, { status: "COMPLETED", outputs: [{ primes: found }] });
}

async function run(job: Job): Promise<void> {
  try {
    await report(job, { additional_data: { job_id: `pid-${process.pid}` } });
    await work(job);
  } catch (error) {
    if (error instanceof SupersededError) return;
    const message = error instanceof Error ? error.message : String(error);
    await report(job, { status: "FAILED", error: { code: "executor_error", message } });
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}

/** The job that a request brings; null when it isn't signed with our secret. */
function verified(body: string, request: IncomingMessage, webhook: Webhook): Job | null {
  const header = (name: string) => String(request.headers[name] ?? "");
  try {
    const payload = webhook.verify(body, {
      "webhook-id": header("webhook-id"),
      "webhook-timestamp": header("webhook-timestamp"),
      "webhook-signature": header("webhook-signature"),
    });
    return Job.parse(payload).data;
  } catch {
    return null;
  }
}

const secret = process.env["WAYBILL_SECRET"];
if (secret === undefined) {
  throw new Error("set WAYBILL_SECRET to the secret that PUT /v1/task-types/... answered");
}
const webhook = new Webhook(secret);
const port = Number(process.env["PORT"] ?? "9000");

createServer((request, response) => void take(request, response)).listen(port, "127.0.0.1", () =>
  console.log(`listening on ${port}`),
);

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const job = verified(await textOf(request), request, webhook);
  // Answer first: the work may take hours, the sender waits 15 seconds.
  response.writeHead(job === null ? 401 : 202).end();
  if (job !== null) await run(job);
}
