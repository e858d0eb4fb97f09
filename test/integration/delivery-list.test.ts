import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pageOf } from "../../src/contract/common.ts";
import { type DeliveryListRequest, DeliveryRow } from "../../src/contract/delivery.ts";
import { eventTerms, responseCodes } from "../../src/stores/mongo/delivery-terms.ts";
import type { Api } from "../support/api.ts";
import { crowd, postCounted } from "../support/crowd.ts";
import { startWorld, type World } from "../support/world.ts";

/** What a list looks at is counted, not timed: the stand-in says how many documents it examined. */
const COUNT = 20_000;
const PAGE = 20;
/** How many deliveries have the rarer value of each filter, at the most. */
const RARE = 180;

const RowPage = pageOf(DeliveryRow);
const START = Date.parse("2026-01-01T00:00:00.000Z");

const hex = (prefix: string, value: number) => `${prefix}_${value.toString(16).padStart(32, "0")}`;
const isNth = (index: number, of: number) => index % of === 0;

/** The deliveries differ in every filter, each independently of the others. */
function deliveryOf(index: number, namespaceId: string) {
  const at = new Date(START + index * 1000);
  const type = isNth(index, 113) ? "collection.documents.written" : "task.completed";
  const status = isNth(index, 127) ? null : isNth(index, 131) ? 503 : 200;
  return {
    _id: hex("dlv", index),
    namespace_id: namespaceId,
    webhook_id: isNth(index, 137) ? hex("whk", 2) : hex("whk", 1),
    event_id: isNth(index, 139) ? hex("evt", 0) : hex("evt", index),
    event_type: type,
    event_terms: eventTerms(type),
    task_id: isNth(index, 149) ? hex("tsk", 0) : hex("tsk", index),
    is_test: false,
    hold: null,
    sequence: 1,
    state: isNth(index, 151) ? "DEAD" : "DELIVERED",
    error_message: isNth(index, 151) ? "all 8 attempts failed; the last: HTTP 503" : null,
    attempt_count: 1,
    response_codes: responseCodes(status),
    attempts: [
      {
        write_id: hex("dlv", index),
        attempt: 1,
        at,
        latency_ms: 3,
        response_status: status,
        response_headers: status === null ? null : { server: "nginx" },
        response_body: status === null ? null : "heard",
        error: status === 200 ? null : "failed",
      },
    ],
    next_attempt_at: null,
    relay_at: null,
    created_at: at,
    updated_at: at,
  };
}

const FILTERS: Readonly<Record<string, DeliveryListRequest>> = {
  webhook_id: { webhook_id: hex("whk", 2) },
  event_id: { event_id: hex("evt", 0) },
  event_type: { event_type: "collection.documents.written" },
  "a pattern of event_type": { event_type: "collection.*" },
  status: { status: "FAILED" },
  task_id: { task_id: hex("tsk", 0) },
  response_code: { response_code: "503" },
  "a class of response_code": { response_code: "5xx" },
  "no response_code": { response_code: "none" },
  created_at: {
    created_at: {
      gte: new Date(START + 9_000_000).toISOString(),
      lt: new Date(START + 9_150_000).toISOString(),
    },
  },
};

const NAMES = Object.keys(FILTERS);
/** Two filters of the same field are one. */
const fieldOf = (name: string) => Object.keys(FILTERS[name] ?? {})[0];
const PAIRS = NAMES.flatMap((one, index) =>
  NAMES.slice(index + 1)
    .filter((other) => fieldOf(one) !== fieldOf(other))
    .map((other) => [one, other] as const),
);

let world: World;
let api: Api;
beforeAll(async () => {
  world = await startWorld();
  api = await crowd(world, { collection: "deliveries", count: COUNT, make: deliveryOf });
}, 60_000);
afterAll(() => world.close());

/** A page, and how many documents the database looked at for it. */
async function page(request: DeliveryListRequest, path = "/v1/deliveries/list") {
  const { body, examined } = await postCounted(world, api, path, { limit: PAGE, ...request });
  return { ...RowPage.strict().parse(body), examined };
}

describe("the log of 20,000 deliveries", () => {
  it.each(NAMES)("by %s alone looks at its page and no more", async (name) => {
    const { results, examined } = await page(FILTERS[name] ?? {});
    expect(results).toHaveLength(PAGE);
    expect(examined).toBeLessThanOrEqual(PAGE + 1);
  });

  it.each(PAIRS)(
    "by %s and %s looks at what the rarer one lets through at the most",
    async (one, other) => {
      const { results, examined } = await page({ ...FILTERS[one], ...FILTERS[other] });
      expect(results.length).toBeLessThan(PAGE);
      expect(examined).toBeLessThanOrEqual(RARE);
    },
  );

  it("by lists of values looks at no more than its page for each value", async () => {
    const request: DeliveryListRequest = { status: ["PENDING", "FAILED"] };
    const { results, examined } = await page(request);
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set(["FAILED"]));
    expect(examined).toBeLessThanOrEqual(2 * (PAGE + 1));
    const codes = await page({ response_code: ["503", "none"] });
    expect(codes.results).toHaveLength(PAGE);
    expect(codes.examined).toBeLessThanOrEqual(2 * (PAGE + 1));
  });

  it("of one endpoint, its dead letters too, looks at its page and no more", async () => {
    const path = `/v1/webhooks/${hex("whk", 1)}/deliveries/list`;
    for (const request of [{}, { status: "FAILED" }] as const) {
      const { results, examined } = await page(request, path);
      expect(results).toHaveLength(PAGE);
      expect(examined).toBeLessThanOrEqual(PAGE + 1);
    }
  });

  it("walks all pages of a filter once, a late one for as much as the first", async () => {
    const looked: number[] = [];
    const ids = new Set<string>();
    let cursor: string | null = null;
    do {
      const { results, pagination, examined }: Awaited<ReturnType<typeof page>> = await page({
        event_type: "task.*",
        limit: 200,
        ...(cursor !== null && { cursor }),
      });
      for (const { delivery_id } of results) ids.add(delivery_id);
      looked.push(examined);
      cursor = pagination.next_cursor;
    } while (cursor !== null);
    expect(ids.size).toBe(COUNT - Math.ceil(COUNT / 113));
    expect(Math.max(...looked)).toBeLessThanOrEqual(202);
  });

  it("shows the attempts only when they are asked for", async () => {
    expect((await page({})).results[0]).not.toHaveProperty("attempts");
    const { results, examined } = await page({ include_attempts: true, response_code: "503" });
    expect(examined).toBeLessThanOrEqual(PAGE + 1);
    for (const { attempts } of results) {
      expect(attempts).toMatchObject([
        { attempt: 1, response_status: 503, response_headers: { server: "nginx" } },
      ]);
    }
  });
});
