import { setTimeout as sleep } from "node:timers/promises";
import type { z } from "zod";
import { type Task, TaskHistory } from "../src/contract/task.ts";
import type { Client } from "./client.ts";
import { claim } from "./failure.ts";
import type { Receiver } from "./receiver.ts";
import { checked, dim, heading, line } from "./terminal.ts";
import { timeline } from "./timeline.ts";

/** How long the last events may take to arrive once their task has ended. */
const EVENTS_TIMEOUT_MS = 15_000;

/** Between two looks at a history that isn't complete yet. */
const HISTORY_INTERVAL_MS = 50;

/** What Waybill says a task went through, and whether the receiver heard of all of it. */
export async function showEvents(
  client: Client,
  receiver: Receiver,
  { task_id: taskId, sequence }: Task,
): Promise<void> {
  heading("Its history and its events");
  await untilAllEvents(receiver, taskId, sequence);
  const history = await settledHistory(client, taskId, sequence);
  for (const row of timeline(history)) line(row);
  line();
  checkEvents(history, receiver, taskId);
  await checkForgery(receiver, taskId);
}

/** Checks that a task's events all arrived, this one among them. */
export async function checkArrived(
  client: Client,
  receiver: Receiver,
  task: Task,
  type: string,
): Promise<void> {
  await untilAllEvents(receiver, task.task_id, task.sequence);
  const { body: history } = await client.get(`/v1/tasks/${task.task_id}/history`, TaskHistory);
  claim(
    history.events.some((event) => event.type === type),
    `the history has no event ${type}`,
  );
  // The one that was refused is the forged one.
  claim(receiver.refused.length === 1, `not verified: ${receiver.refused.slice(1).join("; ")}`);
  checked(`Its ${task.sequence} events arrived verified, ${type} among them`);
}

/** Waits until the receiver has all of a task's events. */
async function untilAllEvents(receiver: Receiver, taskId: string, sequence: number): Promise<void> {
  const isComplete = await receiver.untilComplete(taskId, sequence, EVENTS_TIMEOUT_MS);
  const got = receiver.eventsOf(taskId).map((event) => event.sequence);
  claim(
    isComplete,
    `of the events 1 to ${sequence} of ${taskId} only ${got.join(", ") || "none"} arrived within ` +
      `${EVENTS_TIMEOUT_MS / 1000} s. ${receiver.refused.join("; ")}`,
  );
}

/** The history once each delivery's outcome is written: a moment after the receiver's answer. */
async function settledHistory(
  client: Client,
  taskId: string,
  sequence: number,
): Promise<z.infer<typeof TaskHistory>> {
  const deadline = Date.now() + EVENTS_TIMEOUT_MS;
  for (;;) {
    const { body } = await client.get(`/v1/tasks/${taskId}/history`, TaskHistory);
    const done = body.deliveries.filter(({ status }) => status === "COMPLETED").length;
    if (done === sequence && body.events.every(({ dispatched }) => dispatched)) return body;
    claim(Date.now() < deadline, `only ${done} of ${sequence} deliveries are COMPLETED`);
    await sleep(HISTORY_INTERVAL_MS);
  }
}

/** Compares what Waybill says it sent with what came. */
export function checkEvents(history: TaskHistory, receiver: Receiver, taskId: string): void {
  const sent = history.events.map(({ event_id, type }) => `${type} ${event_id}`);
  const events = receiver.eventsOf(taskId);
  const got = events.map(({ eventId, type }) => `${type} ${eventId}`);
  claim(
    sent.toSorted().join() === got.toSorted().join(),
    `the history has the events ${sent.join(", ")}; received were ${got.join(", ")}`,
  );
  claim(receiver.refused.length === 0, `not verified: ${receiver.refused.join("; ")}`);
  checked(`Events sent ${sent.length}, received and verified ${got.length}, none missing`);
  line(dim("  verified with the npm package standardwebhooks, numbered without a gap"));
}

/** Sends a changed copy of a received event, as a forger would, and expects it to be refused. */
async function checkForgery(receiver: Receiver, taskId: string): Promise<void> {
  const [event] = receiver.eventsOf(taskId);
  claim(event !== undefined, "no event was received");
  const { status } = await fetch(receiver.url, {
    method: "POST",
    headers: event.headers,
    body: event.body.replace(event.type, "task.forged"),
  });
  claim(status === 400, `a forged event was answered ${status}`);
  checked("A copy with another text and the same signature is refused");
}
