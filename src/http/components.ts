import { zodToOpenAPIRegistry } from "@asteasolutions/zod-to-openapi";
import type { z } from "zod";
import { TaskStatusEnum } from "../contract/status.ts";
import { ErrorCode, InvalidField, Problem } from "../contract/problem.ts";
import type { SubmissionSchemas } from "./submission-schemas.ts";
import { TASK_EXAMPLE } from "../contract/event-example.ts";
import { Metadata, Pagination, ResourceListRequest, TimeRange } from "../contract/common.ts";
import { CreateNamespaceRequest, Namespace } from "../contract/namespace.ts";
import { CreateKeyRequest, CreatedKey, Key, KeyListRequest } from "../contract/key.ts";
import {
  BulkOutcome,
  BulkRequest,
  Cancel,
  HistoryEntry,
  KillRequest,
  Progress,
  Task,
  TaskError,
  TaskHistory,
  TaskListRequest,
} from "../contract/task.ts";
import {
  Delivery,
  DeliveryAttempt,
  DeliveryListRequest,
  DeliveryRow,
  DeliveryStatus,
  DeliverySummary,
  ResponseCode,
  RetryDeliveriesOutcome,
  RetryDeliveriesRequest,
  TestWebhookRequest,
  WebhookDeliveryListRequest,
} from "../contract/delivery.ts";
import {
  EventListRequest,
  EventPage,
  LoggedEvent,
  PolledEvents,
  PublishEventRequest,
} from "../contract/logged-event.ts";
import { EventType, EventTypeListRequest, PutEventTypeRequest } from "../contract/event-type.ts";
import { ReplayOutcome, ReplayRequest } from "../contract/replay.ts";
import {
  CreateWebhookRequest,
  CreatedWebhook,
  JsonWebKeySet,
  RotatedWebhook,
  RotateSecretRequest,
  UpdateWebhookRequest,
  Webhook,
  WebhookListRequest,
  WebhookSecret,
} from "../contract/webhook.ts";

import { SubmissionsAnswer } from "../contract/submission-target.ts";
import { SubmissionOptions } from "../contract/submission.ts";
import { CreateTaskRequest, TaskReport } from "../contract/external-task.ts";
import {
  CreatedTaskType,
  PutTaskTypeRequest,
  TaskType,
  TaskTypeListRequest,
} from "../contract/task-type.ts";

/** Schemas that the API's description names, each with what it is. */
export type Components = Readonly<Record<string, readonly [z.ZodType, string]>>;

/** The engine's own. */
const COMPONENTS: Components = {
  TaskStatusEnum: [TaskStatusEnum, "The one status enum that every asynchronous resource shares."],
  ErrorCode: [ErrorCode, "The closed list of error codes."],
  InvalidField: [
    InvalidField,
    "One thing that is wrong with a request: where, and what was expected.",
  ],
  Problem: [Problem, "An error (RFC 9457) with a code of a closed list and the request's id."],
  Metadata: [Metadata, "Flat labels, searchable in lists: at most 50."],
  TimeRange: [TimeRange, "From `gte` (inclusive) to `lt` (exclusive); either may be absent."],
  ResourceListRequest: [ResourceListRequest, "The filters that every list of resources has."],
  Pagination: [Pagination, "`next_cursor` is null on the last page."],
  CreateNamespaceRequest: [CreateNamespaceRequest, "A new namespace."],
  Namespace: [Namespace, "One tenant's world."],
  CreateKeyRequest: [
    CreateKeyRequest,
    "A new key: what it is for, what it may see, and until when.",
  ],
  KeyListRequest: [KeyListRequest, "Which page of keys."],
  Key: [Key, "An API key's record, without the key itself."],
  CreatedKey: [CreatedKey, "The record and, for the only time, the key itself."],
  Progress: [Progress, "How far a job is. `total` is null while it isn't known."],
  Cancel: [
    Cancel,
    "A request to stop: requested, then acknowledged by the runner, then confirmed by status CANCELED.",
  ],
  TaskError: [TaskError, "The last failure, also while the task waits for its next attempt."],
  Task: [Task, "The receipt of a long-running job, the same for every type of job."],
  TaskListRequest: [TaskListRequest, "Filters are joined by AND, the values of one filter by OR."],
  KillRequest: [KillRequest, "Why the task should stop; kept with its cancel and in its history."],
  BulkRequest: [
    BulkRequest,
    'A list\'s filters, at least one that narrows, or else `"all": true`.',
  ],
  BulkOutcome: [BulkOutcome, "A row for each task that the filter met."],
  SubmissionOptions: [SubmissionOptions, "What every submission may say; all of it optional."],
  SubmissionsAnswer: [SubmissionsAnswer, "One row per submission, in order."],
  CreateTaskRequest: [
    CreateTaskRequest,
    "A task of a job of this deployment, or of a registered type.",
  ],
  TaskReport: [TaskReport, "What an executor says of its task. An empty one is a heartbeat."],
  TaskType: [TaskType, "A type of task whose work is done by the deployer's own executor."],
  CreatedTaskType: [CreatedTaskType, "The type and, for the only time, its signing secret."],
  PutTaskTypeRequest: [PutTaskTypeRequest, "What a type says; it replaces what was."],
  TaskTypeListRequest: [TaskTypeListRequest, "Filters of a list of types."],
  HistoryEntry: [HistoryEntry, "One line of a task's audit trail."],
  TaskHistory: [
    TaskHistory,
    "A task's audit trail: changes, attempts, events and their deliveries.",
  ],
  DeliveryStatus: [
    DeliveryStatus,
    "PENDING: an attempt is due. COMPLETED: the endpoint answered 2xx. FAILED: it is in the dead letters.",
  ],
  DeliveryAttempt: [DeliveryAttempt, "One attempt at a delivery, as it went."],
  DeliverySummary: [DeliverySummary, "One event on its way to one endpoint."],
  DeliveryRow: [DeliveryRow, "The same, with its attempts when they were asked for."],
  Delivery: [Delivery, "One event on its way to one endpoint, with each attempt."],
  ResponseCode: [ResponseCode, "An HTTP status, a class of them, or `none`: no answer came."],
  DeliveryListRequest: [DeliveryListRequest, "Filters of a list of deliveries."],
  WebhookDeliveryListRequest: [
    WebhookDeliveryListRequest,
    "Filters of a list of the deliveries to one endpoint.",
  ],
  RetryDeliveriesRequest: [
    RetryDeliveriesRequest,
    "Filters of dead letters, at least one, and how far to go.",
  ],
  RetryDeliveriesOutcome: [RetryDeliveriesOutcome, "A row for each dead letter that was met."],
  LoggedEvent: [LoggedEvent, "An event, whole."],
  EventPage: [EventPage, "A page of the log of events, and where the log goes on behind it."],
  PolledEvents: [PolledEvents, "What an endpoint would have been sent."],
  PublishEventRequest: [PublishEventRequest, "An event of a registered type."],
  EventListRequest: [EventListRequest, "Filters of the log of events."],
  EventType: [EventType, "A type of event: what it means, and what is sent for it."],
  EventTypeListRequest: [EventTypeListRequest, "Filters of the catalogue."],
  PutEventTypeRequest: [PutEventTypeRequest, "What a deployer's own type says from now on."],
  TestWebhookRequest: [TestWebhookRequest, "Which example to send."],
  ReplayRequest: [ReplayRequest, "Which events of the log to send, and how far to go."],
  ReplayOutcome: [ReplayOutcome, "How many deliveries a replay made, reopened and left."],
  CreateWebhookRequest: [CreateWebhookRequest, "A new endpoint."],
  UpdateWebhookRequest: [
    UpdateWebhookRequest,
    "What is given replaces what was. `status` pauses or resumes.",
  ],
  Webhook: [Webhook, "An endpoint that events are sent to."],
  CreatedWebhook: [CreatedWebhook, "The endpoint and, for the only time, its signing secret."],
  RotateSecretRequest: [RotateSecretRequest, "What is made anew, and what becomes of the old."],
  RotatedWebhook: [RotatedWebhook, "The endpoint and, for the only time, its new signing secret."],
  WebhookSecret: [
    WebhookSecret,
    "A secret or key pair that deliveries are signed with, without what is secret of it.",
  ],
  JsonWebKeySet: [JsonWebKeySet, "Public keys (RFC 7517, RFC 8037)."],
  WebhookListRequest: [WebhookListRequest, "Filters of a list of endpoints."],
};

/** Those that depend on the kinds of submission. */
function submissionComponents(schemas: SubmissionSchemas): Components {
  return {
    SubmissionTarget: [
      schemas.SubmissionTarget,
      "What is submitted, by `kind`, with the options of every submission.",
    ],
    RecurringTarget: [
      schemas.RecurringTarget,
      "What a schedule submits, by `kind`: all but a migration, which is done once.",
    ],
    SubmissionsRequest: [schemas.SubmissionsRequest, "Up to 100 submissions."],
    Schedule: [schemas.Schedule, "A recurring submission."],
    CreateScheduleRequest: [schemas.CreateScheduleRequest, "A new schedule."],
    UpdateScheduleRequest: [schemas.UpdateScheduleRequest, "What is given replaces what was."],
  };
}

/**
 * The named schemas, for a description that is to refer to them instead of repeating them. They
 * stand before the routes in it: a schema that is met as nullable first would be described so.
 */
export function namedSchemas(
  schemas: SubmissionSchemas,
  ofApps: Components,
): { type: "schema"; schema: z.ZodType }[] {
  const all = { ...COMPONENTS, ...submissionComponents(schemas), ...ofApps };
  return Object.entries(all).map(([refId, [schema, description]]) => {
    // Not `.openapi(name)`: the contract's schemas are plain zod's, made before that was added.
    const example = refId === "Task" ? { example: TASK_EXAMPLE } : {};
    zodToOpenAPIRegistry.add(schema, { _internal: { refId }, description, ...example });
    return { type: "schema", schema };
  });
}
