import { describe, expect, test } from "vitest";
import { createHarness, type Harness } from "../../../../test/webhooks/harness.ts";
import type { RetryDeliveriesRequest } from "../../../contract/delivery.ts";
import { dispatchEvents } from "../../events/dispatch-events.ts";
import { updateEndpoint } from "../endpoints/update-endpoint.ts";
import { attemptDelivery } from "./attempt-delivery.ts";
import { retryDeliveries } from "./retry-deliveries.ts";

const retry = (h: Harness, input: RetryDeliveriesRequest, key: string | null = null) =>
  retryDeliveries({ ctx: h.ctx, input: { ...input, key } });

/** A harness with so many dead letters of one endpoint. */
async function withDeadLetters(count: number) {
  const h = createHarness();
  const { webhook } = await h.subscribe();
  for (let index = 0; index < count; index += 1) {
    const task = await h.taskWith(["task.completed"]);
    await dispatchEvents({ ctx: h.ctx, input: { source: "task", id: task._id } });
    h.advance(1);
  }
  const ids = [...new Set(h.deliveryMessages().map(({ delivery_id }) => delivery_id))];
  const at = h.now();
  for (const id of ids) await h.ctx.stores.deliveries.markDead(id, "a test", at);
  h.published.length = 0;
  return { h, webhook, ids };
}

const ALL = { event_type: "*" } as const;

describe("a retry of the dead letters that a filter meets", () => {
  test("sends them again, for five commands and requests in all", async () => {
    const { h, webhook, ids } = await withDeadLetters(100);
    h.gateway.operations.length = 0;
    const outcome = await retry(h, ALL);
    expect(outcome).toMatchObject({ dry_run: false, pagination: { next_cursor: null } });
    expect(outcome.results).toEqual(
      ids.map((id) => ({
        delivery_id: id,
        webhook_id: webhook._id,
        status: "PENDING",
        accepted: true,
        code: null,
      })),
    );
    expect(h.gateway.operations).toEqual([
      "find deliveries",
      "find webhooks",
      "bulkUpdate deliveries",
      "find deliveries",
    ]);
    expect(h.deliveryMessages().map(({ delivery_id }) => delivery_id)).toEqual(ids);
  });

  test("in a dry run changes nothing and says what would be done", async () => {
    const { h, ids } = await withDeadLetters(3);
    const outcome = await retry(h, { ...ALL, dry_run: true });
    expect(outcome.results.map(({ accepted, status }) => [accepted, status])).toEqual(
      ids.map(() => [true, "FAILED"]),
    );
    expect(h.published).toEqual([]);
  });

  test("goes on by its cursor, and made again without one sends none twice", async () => {
    const { h, ids } = await withDeadLetters(5);
    const first = await retry(h, { ...ALL, limit: 2 });
    const cursor = first.pagination.next_cursor ?? "";
    const second = await retry(h, { ...ALL, limit: 2, cursor });
    expect([...first.results, ...second.results].map((row) => row.delivery_id)).toEqual(
      ids.slice(0, 4),
    );
    const rest = await retry(h, ALL);
    expect(rest.results.map((row) => row.delivery_id)).toEqual(ids.slice(4));
    expect(h.deliveryMessages()).toHaveLength(5);
  });

  test("leaves those of an endpoint that is not in service, and says so in their rows", async () => {
    const { h, webhook, ids } = await withDeadLetters(2);
    const input = { webhookId: webhook._id, status: "SUSPENDED" } as const;
    await updateEndpoint({ ctx: h.ctx, input });
    const { results } = await retry(h, ALL);
    expect(results).toEqual(
      ids.map((id) => ({
        delivery_id: id,
        webhook_id: webhook._id,
        status: "FAILED",
        accepted: false,
        code: "webhook_not_active",
      })),
    );
    expect(h.published).toEqual([]);
  });

  test("by the same key sends none again that has failed once more", async () => {
    const { h } = await withDeadLetters(1);
    await retry(h, ALL, "k");
    h.world.answer = () => new Response(null, { status: 410 });
    const [message] = h.deliveryMessages();
    if (message === undefined) throw new Error("nothing was published");
    await attemptDelivery({ ctx: h.ctx, input: { ...message, redelivered: false } });
    const [{ webhook_id: webhookId } = { webhook_id: "" }] = (await retry(h, ALL, "k")).results;
    await updateEndpoint({ ctx: h.ctx, input: { webhookId, status: "ACTIVE" } });
    const again = await retry(h, ALL, "k");
    expect(again.results).toMatchObject([{ status: "FAILED", accepted: true }]);
    expect(h.deliveryMessages()).toHaveLength(1);
    await retry(h, ALL, "another");
    expect(h.deliveryMessages()).toHaveLength(2);
  });
});
