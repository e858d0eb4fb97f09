import {
  MAX_REPLAY_EVENTS,
  type ReplayOutcome,
  type ReplayRequest,
} from "../../../contract/replay.ts";
import type {
  DeliveryState,
  DeliverySummaryRecord,
  EventRecord,
} from "../../../ports/delivery-store.ts";
import type { ReachableEndpoint, EndpointRecord } from "../../../ports/endpoint-store.ts";
import { deliveryIdOf } from "../delivery-id.ts";
import { isSubscribed } from "../../events/match.ts";
import { buildPayload } from "../payload.ts";
import type { NamespaceContext } from "../../context.ts";
import { DomainError } from "../../errors.ts";
import { planDelivery, storeDeliveries } from "./plan-deliveries.ts";
import { encodeCursor, pageOptions } from "../../paging.ts";
import { getEndpoint, requireUrl } from "../endpoints/read-endpoints.ts";
import { logRange } from "./log-range.ts";
import { reopenDeliveries, reopenRefusal } from "./reopen-deliveries.ts";

/** Events per round. Each kind of write is one command, so a round takes about ten calls. */
const EVENTS_PER_ROUND = 200;

/** Which ended deliveries a replay reopens. */
const REOPENED: Record<ReplayRequest["which"], readonly DeliveryState[]> = {
  missing: [],
  failed: ["DEAD"],
  all: ["DEAD", "DELIVERED", "SKIPPED"],
};

type Replay = {
  readonly webhook: ReachableEndpoint;
  readonly which: ReplayRequest["which"];
  readonly isDryRun: boolean;
  readonly key: string;
};

type Counts = Pick<ReplayOutcome, "created" | "reopened" | "left">;

/**
 * Sends the events of a range of the log to an endpoint, again or for the first time, including
 * those from before it was created. Throws `not_found`, `webhook_not_active` (except in a dry run),
 * `webhook_has_no_url`, `invalid_request` for an unknown event, and `invalid_cursor`.
 *
 * Nothing is skipped. The endpoint is read as active before the log is read, and a dispatch logs
 * its events before it looks for endpoints. So an event that is not in the log when the replay
 * reads it is dispatched to this endpoint afterwards. The exception is an event from before the
 * endpoint was created: a dispatch doesn't send it, and a replay sends it only if it is in the log.
 *
 * A call repeated with its key sends nothing twice: a delivery stores the key that last created or
 * reopened it. A missing delivery is created only once in any case, since its id is derived from
 * the event and the endpoint. Pending deliveries are left alone.
 */
export async function replayEndpoint({
  ctx,
  input,
}: {
  ctx: NamespaceContext;
  input: ReplayRequest & { readonly webhookId: string; readonly key: string | null };
}): Promise<ReplayOutcome> {
  const { dry_run: isDryRun = false, limit = MAX_REPLAY_EVENTS, which } = input;
  const webhook = requireUrl(await getEndpoint({ ctx, input }));
  if (webhook.status !== "ACTIVE" && !isDryRun) throw notActive(webhook);
  const range = await logRange(ctx, input);
  const replay = { webhook, which, isDryRun, key: input.key ?? ctx.runtime.newId("delivery") };
  let { after } = pageOptions({ sort: "created_at", cursor: input.cursor });
  let events = 0;
  let counts: Counts = { created: 0, reopened: 0, left: 0 };
  do {
    const page = await ctx.stores.events.list(ctx.namespace._id, range.filter, {
      direction: "ascending",
      limit: Math.min(EVENTS_PER_ROUND, limit - events),
      after,
    });
    const found = page.rows.filter((event) => range.holds(event));
    counts = sum(counts, await replaySome(ctx, replay, found));
    events += page.rows.length;
    after = page.next;
  } while (after !== null && events < limit);
  return {
    dry_run: isDryRun,
    events,
    ...counts,
    pagination: { next_cursor: encodeCursor(after) },
  };
}

function notActive(webhook: EndpointRecord): DomainError {
  const reason = webhook.status_reason ?? "no reason given";
  return new DomainError(
    "webhook_not_active",
    `The endpoint is ${webhook.status}: ${reason}. Resume it first; a dry run works now.`,
  );
}

async function replaySome(
  ctx: NamespaceContext,
  replay: Replay,
  events: readonly EventRecord[],
): Promise<Counts> {
  // The endpoint's creation time doesn't matter: the owner asks for past events.
  const subscription = { ...replay.webhook, created_at: new Date(0) };
  const subscribed = events.filter((event) => isSubscribed(subscription, event));
  if (subscribed.length === 0) return { created: 0, reopened: 0, left: 0 };
  const wanted = await Promise.all(
    subscribed.map(async (event) => ({
      event,
      deliveryId: await deliveryIdOf(event._id, replay.webhook._id),
    })),
  );
  const rows = await ctx.stores.deliveries.getMany(wanted.map(({ deliveryId }) => deliveryId));
  const existing = new Set(rows.map(({ _id }) => _id));
  const missing =
    replay.which === "failed"
      ? []
      : wanted.filter(({ deliveryId }) => !existing.has(deliveryId)).map(({ event }) => event);
  const ended = rows.filter((delivery) => isToReopen(delivery, replay));
  if (!replay.isDryRun) {
    await createDeliveries(ctx, replay, missing);
    const webhooks = new Map([[replay.webhook._id, replay.webhook]]);
    await reopenDeliveries({ ctx, deliveries: ended, webhooks, key: replay.key });
  }
  const [created, reopened] = [missing.length, ended.length];
  return { created, reopened, left: subscribed.length - created - reopened };
}

function isToReopen(delivery: DeliverySummaryRecord, { which, key, webhook }: Replay): boolean {
  return (
    REOPENED[which].includes(delivery.state) &&
    delivery.resend_key !== key &&
    // A dry run counts what would be done if the endpoint were active.
    reopenRefusal(delivery, { ...webhook, status: "ACTIVE" }) === null
  );
}

/** Stored before they are published, as in a dispatch; the relay publishes the rest (P3). */
async function createDeliveries(
  ctx: NamespaceContext,
  { webhook, key }: Replay,
  events: readonly EventRecord[],
): Promise<void> {
  const now = ctx.runtime.now();
  const planned = await Promise.all(
    events.map((event) =>
      planDelivery(webhook, event, buildPayload(event, ctx.config.publicUrl), now),
    ),
  );
  await storeDeliveries(
    ctx,
    planned.map(({ record, attempt }) => ({ record: { ...record, resend_key: key }, attempt })),
  );
}

function sum(one: Counts, other: Counts): Counts {
  return {
    created: one.created + other.created,
    reopened: one.reopened + other.reopened,
    left: one.left + other.left,
  };
}
