import { createHmac } from "node:crypto";
import { Client } from "@upstash/qstash";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { createNewId } from "../../src/ids.ts";
import { signDelivery } from "../../local/qstash/signature.ts";
import type { Answer, Api } from "../support/api.ts";
import { getTask, holdJobs, makeBatch, sentence, submit } from "../support/fixtures.ts";
import { everythingIn } from "../support/populated.ts";
import { expectProblem } from "../support/problems.ts";
import { startWorld, type World } from "../support/world.ts";

const PATHS = [
  "/internal/jobs/run",
  "/internal/events/dispatch",
  "/internal/webhooks/deliver",
] as const;
const newId = createNewId(() => new Date());

let world: World;
let api: Api;
beforeAll(async () => {
  world = await startWorld();
  api = await world.inNamespace();
});
afterAll(() => world.close());

const keyOf = (which: "CURRENT" | "NEXT") => world.stack.vars[`QSTASH_${which}_SIGNING_KEY`] ?? "";

type Signing = { key?: string; url?: string; body?: string; nowMs?: number };

function sign(path: string, body: string, other: Signing = {}): string {
  return signDelivery({
    key: other.key ?? keyOf("CURRENT"),
    url: other.url ?? `${world.worker.url}${path}`,
    body: Buffer.from(other.body ?? body),
    nowMs: other.nowMs ?? Date.now(),
  });
}

const Claims = z.record(z.string(), z.unknown());
const parse = (part: string) => Claims.parse(JSON.parse(Buffer.from(part, "base64url").toString()));

/** A token of the right claims under another header or without a claim, signed as it says. */
function forge(path: string, body: string, change: (jwt: Forgery) => Forgery): string {
  const [header = "", payload = ""] = sign(path, body).split(".");
  const jwt = change({ header: parse(header), payload: parse(payload), hash: "sha256" });
  const parts = [jwt.header, jwt.payload].map((part) =>
    Buffer.from(JSON.stringify(part)).toString("base64url"),
  );
  const signed = parts.join(".");
  if (jwt.hash === null) return `${signed}.`;
  return `${signed}.${createHmac(jwt.hash, keyOf("CURRENT")).update(signed).digest("base64url")}`;
}

type Forgery = {
  readonly header: object;
  readonly payload: object;
  readonly hash: "sha256" | "sha512" | null;
};

function send(path: string, body: string, signature: string | null): Promise<Answer> {
  return world.api.raw("POST", path, body, {
    "Content-Type": "application/json",
    ...(signature !== null && { "Upstash-Signature": signature }),
  });
}

/** A message that would do something, if it were let in. */
async function messageFor(path: string): Promise<string> {
  const letJobsGo = holdJobs(world);
  const task = await submit(api, await makeBatch(api, [sentence(1)]));
  letJobsGo();
  if (path === "/internal/jobs/run") return JSON.stringify({ task_id: task.task_id, version: 1 });
  if (path === "/internal/events/dispatch") {
    return JSON.stringify({ source: "task", id: task.task_id });
  }
  return JSON.stringify({
    delivery_id: newId("delivery"),
    attempt: 1,
    snapshot: {
      namespace_id: newId("namespace"),
      webhook_id: newId("webhook"),
      event_id: newId("event"),
      url: `${world.worker.url}/healthz`,
      sealed_headers: null,
      sealed_secrets: [],
      payload: "{}",
      failing: false,
    },
  });
}

const FORGERIES: readonly {
  readonly what: string;
  readonly signature: (path: string, body: string) => string | null;
}[] = [
  { what: "without a signature", signature: () => null },
  { what: "with an empty one", signature: () => "" },
  { what: "with one that is no token", signature: () => "a.b.c" },
  { what: "with the administrator's key instead", signature: () => world.stack.adminKey },
  {
    what: "signed with another key",
    signature: (path, body) => sign(path, body, { key: "sig_x" }),
  },
  {
    what: "signed six minutes ago",
    signature: (path, body) => sign(path, body, { nowMs: Date.now() - 360_000 }),
  },
  {
    what: "signed for another function",
    signature: (path, body) => {
      const other = PATHS.find((one) => one !== path) ?? "";
      return sign(path, body, { url: `${world.worker.url}${other}` });
    },
  },
  {
    what: "signed for another host",
    signature: (path, body) => sign(path, body, { url: `https://evil.example${path}` }),
  },
  { what: "signed for another body", signature: (path, body) => sign(path, body, { body: "{}" }) },
  {
    what: "whose token says that it isn't signed",
    signature: (path, body) =>
      forge(path, body, (jwt) => ({ ...jwt, header: { alg: "none", typ: "JWT" }, hash: null })),
  },
  {
    what: "signed with an algorithm that QStash doesn't use",
    signature: (path, body) =>
      forge(path, body, (jwt) => ({ ...jwt, header: { alg: "HS512" }, hash: "sha512" })),
  },
  {
    what: "whose token never expires",
    signature: (path, body) =>
      forge(path, body, (jwt) => ({ ...jwt, payload: { ...jwt.payload, exp: undefined } })),
  },
  {
    what: "whose token is of another issuer",
    signature: (path, body) =>
      forge(path, body, (jwt) => ({ ...jwt, payload: { ...jwt.payload, iss: "Someone" } })),
  },
  {
    what: "whose token names no body",
    signature: (path, body) =>
      forge(path, body, (jwt) => ({ ...jwt, payload: { ...jwt.payload, body: undefined } })),
  },
];

describe.each(PATHS)("a call of %s", (path) => {
  it.each(FORGERIES)("$what is refused and does nothing", async ({ signature }) => {
    const body = await messageFor(path);
    const before = await everythingIn(world);
    expectProblem(await send(path, body, signature(path, body)), 401, "unauthenticated");
    expect(await everythingIn(world)).toEqual(before);
  });

  it.each(["CURRENT", "NEXT"] as const)("signed with the %s key is let in", async (which) => {
    const body = await messageFor(path);
    const before = await everythingIn(world);
    const answer = await send(path, body, sign(path, body, { key: keyOf(which) }));
    expect(answer.status).toBe(200);
    // A delivery that isn't known has nothing to write; the others do.
    if (path !== "/internal/webhooks/deliver") {
      expect(await everythingIn(world)).not.toEqual(before);
    }
  });

  it.each(["", "not JSON", "null", "[]", "{}", '{"task_id":7}', '{"source":"x","id":"y"}'])(
    "signed but malformed (%j) is buried, logged, and does nothing",
    async (body) => {
      const before = await everythingIn(world);
      const answer = await send(path, body, sign(path, body));
      expect(answer.status).toBe(489);
      expect(answer.headers.get("Upstash-NonRetryable-Error")).toBe("true");
      expect(await everythingIn(world)).toEqual(before);
      const requestId = answer.headers.get("X-Request-Id") ?? "";
      await expect
        .poll(() => world.logs.find((line) => line.includes(requestId)))
        .toContain("a malformed message from the queue");
    },
  );

  it("with a body over 1 MiB is refused before it is read", async () => {
    const body = JSON.stringify({ x: "x".repeat(1_048_577) });
    expectProblem(await send(path, body, sign(path, body)), 413, "payload_too_large");
  });
});

it("a malformed message is in the dead letters after one attempt", async () => {
  const { vars, qstash } = world.stack;
  const client = new Client({
    baseUrl: qstash.url,
    token: vars["QSTASH_TOKEN"] ?? "",
    devMode: false,
  });
  const url = `${world.worker.url}/internal/jobs/run`;
  const { messageId } = await client.publishJSON({ url, body: { version: 0 }, retries: 3 });
  await qstash.idle();
  const { messages } = await client.dlq.listMessages();
  expect(messages).toMatchObject([{ messageId, responseStatus: 489 }]);
  expect(qstash.pendingMessages()).toEqual([]);
});

const JobMessage = z.object({ task_id: z.string(), version: z.int() });

async function run(body: object) {
  const text = JSON.stringify(body);
  return (await send(PATHS[0], text, sign(PATHS[0], text))).body;
}

describe("a signed message", () => {
  it("about what doesn't exist is answered 200, so that it isn't sent again, and does nothing", async () => {
    const before = await everythingIn(world);
    expect(await run({ task_id: newId("task"), version: 1 })).toEqual({
      kind: "stale",
      reason: "not_found",
    });
    for (const [path, body] of [
      [PATHS[1], { source: "task", id: newId("task") }],
      [PATHS[1], { source: "webhook", id: newId("webhook") }],
      [PATHS[2], { delivery_id: newId("delivery"), attempt: 1, snapshot: null }],
    ] as const) {
      const text = JSON.stringify(body);
      expect(await send(path, text, sign(path, text))).toMatchObject({ status: 200 });
    }
    expect(await everythingIn(world)).toEqual(before);
  });

  it("runs its task once, however often and in however many copies it comes", async () => {
    const body = JobMessage.parse(JSON.parse(await messageFor(PATHS[0])));
    expect(await run({ ...body, version: 7 })).toMatchObject({ reason: "superseded" });
    const kinds = await Promise.all(
      Array.from({ length: 5 }, async () => (await run(body))["kind"]),
    );
    expect(kinds.filter((kind) => kind === "ended")).toHaveLength(1);
    expect(kinds.filter((kind) => kind === "stale")).toHaveLength(4);
    expect(await run(body)).toEqual({ kind: "stale", reason: "ended" });
    expect(await getTask(api, body.task_id)).toMatchObject({ status: "COMPLETED", attempt: 1 });
  });
});
