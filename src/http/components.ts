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

/** The named schemas of the API's description, each with its own description. */
export type Components = Readonly<Record<string, readonly [z.ZodType, string]>>;

/** The engine's own. */
const COMPONENTS: Components = {
  TaskStatusEnum: [TaskStatusEnum, "The one status enum that every asynchronous resource shares."],
  ErrorCode: [ErrorCode, "The closed list of error codes."],
  InvalidField: [InvalidField, "One fault in a request: where it is, and what was expected."],
  Problem: [Problem, "An error (RFC 9457) with a code from a closed list and the request's id."],
  Metadata: [Metadata, "Flat labels, searchable in lists: at most 50."],
  TimeRange: [TimeRange, "From `gte` (inclusive) to `lt` (exclusive); either may be absent."],
  ResourceListRequest: [ResourceListRequest, "The filters that every list of resources has."],
  Pagination: [Pagination, "`next_cursor` is null on the last page."],
  CreateNamespaceRequest: [CreateNamespaceRequest, "A new namespace."],
  Namespace: [
    Namespace,
    "One tenant's space: every other resource but keys belongs to exactly one.",
  ],
  CreateKeyRequest: [
    CreateKeyRequest,
    "A new key: its purpose, the namespaces it can access, and its expiry.",
  ],
  KeyListRequest: [KeyListRequest, "The page of keys to return."],
  Key: [Key, "An API key's record, without the key itself."],
  CreatedKey: [CreatedKey, "The record and the key itself, which is shown only once."],
  Progress: [Progress, "A job's progress. `total` is null while it is unknown."],
  Cancel: [
    Cancel,
    "A request to stop: first requested, then acknowledged by the runner, then confirmed by the status CANCELED.",
  ],
  TaskError: [TaskError, "The last failure, also while the task waits for its next attempt."],
  Task: [Task, "The receipt of a long-running job, the same for every type of job."],
  TaskListRequest: [TaskListRequest, "Filters are joined by AND, the values of one filter by OR."],
  KillRequest: [KillRequest, "Why the task should stop; stored in its `cancel` and its history."],
  BulkRequest: [
    BulkRequest,
    'A list\'s filters, at least one that narrows, or else `"all": true`.',
  ],
  BulkOutcome: [BulkOutcome, "A row for each task that matched the filters."],
  SubmissionOptions: [SubmissionOptions, "The options of every submission."],
  SubmissionsAnswer: [SubmissionsAnswer, "One row per submission, in order."],
  CreateTaskRequest: [
    CreateTaskRequest,
    "A task of a job of this deployment, or of a registered type.",
  ],
  TaskReport: [TaskReport, "An executor's report on its task. An empty report is a heartbeat."],
  TaskType: [TaskType, "A type of task that the deployer's own executor works on."],
  CreatedTaskType: [CreatedTaskType, "The type and its signing secret, which is shown only once."],
  PutTaskTypeRequest: [PutTaskTypeRequest, "A type's settings; they replace the stored ones."],
  TaskTypeListRequest: [TaskTypeListRequest, "Filters of a list of types."],
  HistoryEntry: [HistoryEntry, "One line of a task's audit trail."],
  TaskHistory: [
    TaskHistory,
    "A task's audit trail: changes, attempts, events and their deliveries.",
  ],
  DeliveryStatus: [
    DeliveryStatus,
    "PENDING: an attempt is due. COMPLETED: the endpoint answered 2xx. FAILED: it is a dead letter.",
  ],
  DeliveryAttempt: [DeliveryAttempt, "One attempt at a delivery and its outcome."],
  DeliverySummary: [DeliverySummary, "One event on its way to one endpoint."],
  DeliveryRow: [
    DeliveryRow,
    "One event on its way to one endpoint, with each attempt if requested.",
  ],
  Delivery: [Delivery, "One event on its way to one endpoint, with each attempt."],
  ResponseCode: [ResponseCode, "An HTTP status, a class of statuses, or `none` for no response."],
  DeliveryListRequest: [DeliveryListRequest, "Filters of a list of deliveries."],
  WebhookDeliveryListRequest: [
    WebhookDeliveryListRequest,
    "Filters of a list of the deliveries to one endpoint.",
  ],
  RetryDeliveriesRequest: [
    RetryDeliveriesRequest,
    "Filters of dead letters, at least one, and the page to work on.",
  ],
  RetryDeliveriesOutcome: [
    RetryDeliveriesOutcome,
    "A row for each dead letter that matched the filters.",
  ],
  LoggedEvent: [LoggedEvent, "An event with its whole payload."],
  EventPage: [EventPage, "A page of the event log, and where the log continues after it."],
  PolledEvents: [PolledEvents, "The events that an endpoint would have been sent."],
  PublishEventRequest: [PublishEventRequest, "An event of a registered type."],
  EventListRequest: [EventListRequest, "Filters of the event log."],
  EventType: [EventType, "A type of event: its meaning and its payload."],
  EventTypeListRequest: [EventTypeListRequest, "Filters of the catalogue."],
  PutEventTypeRequest: [
    PutEventTypeRequest,
    "The settings of a deployer's own type; they replace the stored ones.",
  ],
  TestWebhookRequest: [TestWebhookRequest, "The example to send."],
  ReplayRequest: [ReplayRequest, "The events of the log to send, and the page to work on."],
  ReplayOutcome: [ReplayOutcome, "How many deliveries a replay created, reopened and left alone."],
  CreateWebhookRequest: [CreateWebhookRequest, "A new endpoint."],
  UpdateWebhookRequest: [
    UpdateWebhookRequest,
    "The given fields replace the stored ones. `status` pauses or resumes.",
  ],
  Webhook: [Webhook, "An endpoint that receives events, or that is polled for them."],
  CreatedWebhook: [
    CreatedWebhook,
    "The endpoint and its signing secret, which is shown only once.",
  ],
  RotateSecretRequest: [
    RotateSecretRequest,
    "What to rotate, and how long the replaced secrets stay valid.",
  ],
  RotatedWebhook: [
    RotatedWebhook,
    "The endpoint and its new signing secret, which is shown only once.",
  ],
  WebhookSecret: [
    WebhookSecret,
    "A secret or key pair that signs deliveries, without its secret part.",
  ],
  JsonWebKeySet: [JsonWebKeySet, "Public keys (RFC 7517, RFC 8037)."],
  WebhookListRequest: [WebhookListRequest, "Filters of a list of endpoints."],
};

/** The schemas that depend on the kinds of submission. */
function submissionComponents(schemas: SubmissionSchemas): Components {
  return {
    SubmissionTarget: [
      schemas.SubmissionTarget,
      "What to submit, by `kind`, with the options of every submission.",
    ],
    RecurringTarget: [
      schemas.RecurringTarget,
      "What a schedule submits, by `kind`: everything but a migration, which runs once.",
    ],
    SubmissionsRequest: [schemas.SubmissionsRequest, "Up to 100 submissions."],
    Schedule: [schemas.Schedule, "A recurring submission."],
    CreateScheduleRequest: [schemas.CreateScheduleRequest, "A new schedule."],
    UpdateScheduleRequest: [
      schemas.UpdateScheduleRequest,
      "The given fields replace the stored ones.",
    ],
  };
}

/**
 * Registers the named schemas, so the description refers to them instead of repeating them. They
 * must be registered before the routes: a schema first seen as nullable would be described as
 * nullable.
 */
export function namedSchemas(
  schemas: SubmissionSchemas,
  ofApps: Components,
): { type: "schema"; schema: z.ZodType }[] {
  const all = { ...COMPONENTS, ...submissionComponents(schemas), ...ofApps };
  return Object.entries(all).map(([refId, [schema, description]]) => {
    // Not `.openapi(name)`: the contract's schemas are plain zod, created before that method was
    // added.
    const example = refId === "Task" ? { example: TASK_EXAMPLE } : {};
    zodToOpenAPIRegistry.add(schema, { _internal: { refId }, description, ...example });
    return { type: "schema", schema };
  });
}
