import { Client, QstashError } from "@upstash/qstash";
import { QueueRefusedError, StoreUnavailableError } from "../../ports/errors.ts";
import { INTERNAL_PATHS, type PublishOptions, type Queue } from "../../ports/queue.ts";

/**
 * How many times QStash retries a message that got no 2xx. Cron (relay, reap) finds what is still
 * undone after that, so no promise depends on the queue's retries.
 */
const RETRIES = 3;

/** How long QStash waits for a response: an invocation's budget and a generous margin. */
const JOB_TIMEOUT_SECONDS = 120;
const DEFAULT_TIMEOUT_SECONDS = 60;

type Options = {
  readonly url: string;
  readonly token: string;
  readonly publicUrl: string;
};

/** The queue on Upstash QStash. */
export function createQueue({ url, token, publicUrl }: Options): Queue {
  const client = new Client({
    baseUrl: url,
    token,
    // Otherwise, QSTASH_DEV in the environment would point the client at a development server.
    devMode: false,
    enableTelemetry: false,
    retry: { retries: 1, backoff: () => 50 },
  });

  function request(path: string, body: object, options: PublishOptions, timeout: number) {
    return {
      url: `${publicUrl}${path}`,
      body,
      retries: RETRIES,
      timeout,
      ...(options.delaySeconds ? { delay: options.delaySeconds } : {}),
      ...(options.deduplicationId === undefined
        ? {}
        : { deduplicationId: options.deduplicationId }),
      ...(options.label === undefined ? {} : { label: options.label }),
      ...(options.flowControl === undefined
        ? {}
        : { flowControl: flowControlOf(options.flowControl) }),
    };
  }

  return {
    publishJob: (message, options) =>
      reach(async () => {
        await client.publishJSON(
          request(INTERNAL_PATHS.job, message, options, JOB_TIMEOUT_SECONDS),
        );
      }),
    publishJobs: (messages) =>
      reach(async () => {
        const requests = messages.map(({ message, options }) =>
          request(INTERNAL_PATHS.job, message, options, JOB_TIMEOUT_SECONDS),
        );
        if (requests.length > 0) await client.batchJSON(requests);
      }),
    cancelJobs: (label) =>
      reach(async () => {
        // Without a filter QStash cancels every message there is.
        if (label === "") throw new TypeError("a label is required");
        await client.messages.cancel({ filter: { label } });
      }),
    putSchedule: ({ scheduleId, cron }) =>
      reach(async () => {
        await orRefused(
          client.schedules.create({
            scheduleId,
            cron,
            destination: `${publicUrl}${INTERNAL_PATHS.schedule}`,
            body: JSON.stringify({ schedule_id: scheduleId }),
            headers: { "Content-Type": "application/json" },
            retries: RETRIES,
            timeout: DEFAULT_TIMEOUT_SECONDS,
          }),
        );
      }),
    deleteSchedule: (scheduleId) =>
      reach(async () => {
        // An empty id would name the list of all schedules.
        if (scheduleId === "") throw new TypeError("a schedule id is required");
        try {
          await client.schedules.delete(scheduleId);
        } catch (error) {
          if (!(error instanceof QstashError) || error.status !== 404) throw error;
        }
      }),
    publishDispatch: (message, options) =>
      reach(async () => {
        await client.publishJSON(
          request(INTERNAL_PATHS.dispatch, message, options, DEFAULT_TIMEOUT_SECONDS),
        );
      }),
    publishDispatches: (messages) =>
      reach(async () => {
        const requests = messages.map(({ message, options }) =>
          request(INTERNAL_PATHS.dispatch, message, options, DEFAULT_TIMEOUT_SECONDS),
        );
        if (requests.length > 0) await client.batchJSON(requests);
      }),
    publishDeliveries: (messages) =>
      reach(async () => {
        const requests = messages.map(({ message, options }) =>
          request(INTERNAL_PATHS.delivery, message, options, DEFAULT_TIMEOUT_SECONDS),
        );
        if (requests.length > 0) await client.batchJSON(requests);
      }),
  };
}

/** The limits in the client's words: it takes a period in seconds. */
function flowControlOf({ key, parallelism, rate }: NonNullable<PublishOptions["flowControl"]>) {
  return { key, parallelism, ...(rate && { rate: rate.max, period: rate.periodSeconds }) };
}

async function reach(publish: () => Promise<void>): Promise<void> {
  try {
    await publish();
  } catch (error) {
    if (error instanceof QueueRefusedError) throw error;
    throw new StoreUnavailableError("qstash", error);
  }
}

/** 4xx statuses that don't concern the request itself: the token, the time, the rate. */
const NOT_THE_REQUEST: ReadonlySet<number> = new Set([401, 403, 408, 429]);

/**
 * Distinguishes a request that QStash refuses, such as an invalid cron line, from one that it can't
 * accept now.
 */
async function orRefused(request: Promise<unknown>): Promise<void> {
  try {
    await request;
  } catch (error) {
    const status = error instanceof QstashError ? (error.status ?? 0) : 0;
    if (status < 400 || status > 499 || NOT_THE_REQUEST.has(status)) throw error;
    throw new QueueRefusedError(error);
  }
}
