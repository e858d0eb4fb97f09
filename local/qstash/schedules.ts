import { randomUUID } from "node:crypto";
import { Cron } from "croner";
import { invalid, limitExceeded, notFound } from "./errors.ts";
import type { EventLog, EventState } from "./event-log.ts";
import { LIMITS } from "./limits.ts";
import { showBody, showFlowControl, showLabels } from "./message.ts";
import { parseOptions } from "./options.ts";
import type { MessageOptions } from "./options.ts";
import type { PublishReply, PublishRequest } from "./publish.ts";
import { redactHeader } from "./redaction.ts";
import type { Timers } from "./timers.ts";

type Schedule = {
  readonly scheduleId: string;
  readonly createdAt: number;
  cron: string;
  job: Cron;
  request: PublishRequest;
  options: MessageOptions;
  isPaused: boolean;
  nextAt: number;
  lastAt: number | undefined;
  lastMessageIds: readonly string[];
  cancelTimer: () => void;
};

const ID = /^[A-Za-z0-9._-]+$/;

/**
 * Publishes a message each time a cron expression triggers.
 *
 * From https://upstash.com/docs/qstash/features/schedules.
 */
export class Schedules {
  readonly #schedules = new Map<string, Schedule>();
  readonly #timers: Timers;
  readonly #log: EventLog;
  readonly #publish: (request: PublishRequest) => PublishReply;

  constructor(timers: Timers, log: EventLog, publish: (request: PublishRequest) => PublishReply) {
    this.#timers = timers;
    this.#log = log;
    this.#publish = publish;
  }

  /** Creates a schedule, or gives the one with this id the new settings. */
  upsert(request: PublishRequest): string {
    const scheduleId = request.headers.get("upstash-schedule-id") ?? newId();
    if (!ID.test(scheduleId)) {
      throw invalid(`invalid schedule id "${scheduleId}" (letters, digits, . _ -)`);
    }
    const cron = request.headers.get("upstash-cron");
    if (cron === undefined) throw invalid("Upstash-Cron is missing");
    const job = parseCron(cron);
    const options = parseOptions(request.headers);
    const known = this.#schedules.get(scheduleId);
    if (known === undefined && this.#schedules.size >= LIMITS.schedules) {
      throw limitExceeded(`the plan's limit of ${LIMITS.schedules} schedules is reached`);
    }
    known?.cancelTimer();
    const schedule: Schedule = {
      scheduleId,
      createdAt: known?.createdAt ?? this.#timers.now(),
      cron,
      job,
      request: { ...request, scheduleId },
      options,
      isPaused: known?.isPaused ?? false,
      nextAt: 0,
      lastAt: known?.lastAt,
      lastMessageIds: known?.lastMessageIds ?? [],
      cancelTimer: () => undefined,
    };
    this.#schedules.set(scheduleId, schedule);
    this.#arm(schedule);
    return scheduleId;
  }

  /** "When a schedule is paused, the cron trigger will simply be ignored." */
  setPaused(scheduleId: string, isPaused: boolean): void {
    this.#get(scheduleId).isPaused = isPaused;
  }

  remove(scheduleId: string): void {
    this.#get(scheduleId).cancelTimer();
    this.#schedules.delete(scheduleId);
  }

  view(scheduleId: string) {
    return show(this.#get(scheduleId), this.#log);
  }

  list() {
    return [...this.#schedules.values()].map((schedule) => show(schedule, this.#log));
  }

  #get(scheduleId: string): Schedule {
    const schedule = this.#schedules.get(scheduleId);
    if (schedule === undefined) throw notFound(`schedule ${scheduleId} not found`);
    return schedule;
  }

  #arm(schedule: Schedule): void {
    const next = schedule.job.nextRun(new Date(this.#timers.now()));
    // An expression such as "0 0 30 2 *" never comes true; the schedule then simply never fires.
    if (next === null) return;
    schedule.nextAt = next.getTime();
    schedule.cancelTimer = this.#timers.at(schedule.nextAt, () => this.#fire(schedule));
  }

  #fire(schedule: Schedule): void {
    if (!schedule.isPaused) {
      schedule.lastAt = schedule.nextAt;
      schedule.lastMessageIds = this.#publishFrom(schedule);
    }
    this.#arm(schedule);
  }

  #publishFrom(schedule: Schedule): string[] {
    try {
      return [this.#publish(schedule.request).body].flat().map(({ messageId }) => messageId);
    } catch {
      // Its URL group was deleted meanwhile: there is nobody to deliver to, nor to tell.
      return [];
    }
  }
}

/** Five fields, after `CRON_TZ=Area/City ` for a time zone other than UTC. */
function parseCron(text: string): Cron {
  const match = /^(?:CRON_TZ=(\S+)\s+)?(.+)$/.exec(text.trim());
  const [, timezone = "UTC", pattern = ""] = match ?? [];
  try {
    const job = new Cron(pattern, { timezone, mode: "5-part" });
    job.nextRun();
    return job;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw invalid(`invalid Upstash-Cron "${text}": ${reason}`);
  }
}

function newId(): string {
  return `scd_${randomUUID().replaceAll("-", "")}`;
}

/** The body of https://upstash.com/docs/qstash/api-reference/schedules/get-a-schedule. */
function show(schedule: Schedule, log: EventLog) {
  const { options, request } = schedule;
  const states: Record<string, EventState> = {};
  for (const messageId of schedule.lastMessageIds) {
    const state = log.latestState(messageId);
    if (state !== undefined) states[messageId] = state;
  }
  return {
    scheduleId: schedule.scheduleId,
    cron: schedule.cron,
    destination: request.destination,
    createdAt: schedule.createdAt,
    method: options.method,
    header: redactHeader(options.header, options.redaction),
    ...showBody(request.body, options.redaction),
    retries: options.maxRetries,
    retryDelayExpression: options.retryDelay?.source,
    delay: options.delayMs === 0 ? undefined : options.delayMs / 1_000,
    callback: options.callback?.url,
    failureCallback: options.failureCallback?.url,
    queueName: request.queueName ?? options.queueName,
    callerIP: request.callerIp,
    isPaused: schedule.isPaused,
    ...showLabels(options.labels),
    ...showFlowControl(options),
    lastScheduleTime: schedule.lastAt,
    nextScheduleTime: schedule.nextAt,
    lastScheduleStates: states,
  };
}
