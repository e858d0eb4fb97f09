import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import getPort from "get-port";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { app as expressApp } from "../../examples/receivers/express.ts";
import honoApp from "../../examples/receivers/hono.ts";
import { POST } from "../../examples/receivers/nextjs/app/api/waybill/route.ts";
import { signatureHeaders } from "../../src/engine/webhooks/sign.ts";
import { completeTask, deliveriesTo, subscribe } from "../support/webhooks.ts";
import { startWorld, type World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());
afterEach(() => vi.unstubAllEnvs());

/** A receiver at work: what it printed for each event that it handled, and how to end it. */
type Running = { readonly lines: readonly string[]; readonly stop: () => Promise<void> };

/** Serves what takes a `Request`, as the platforms of these frameworks do. */
function bridge(handler: (request: Request) => Response | Promise<Response>): RequestListener {
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const headers = new Headers();
    for (const [name, value] of Object.entries(request.headers)) headers.set(name, String(value));
    const url = `http://${request.headers.host}${request.url}`;
    const init = { method: "POST", headers, body: await text(request) };
    const given = await handler(new Request(url, init));
    response.writeHead(given.status).end(await given.text());
  };
  return (request, response) => void answer(request, response);
}

async function serve(listener: RequestListener, port: number): Promise<Running> {
  const lines: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((...parts) => {
    lines.push(parts.join(" "));
  });
  const server = createServer(listener).listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    lines,
    stop: async () => {
      log.mockRestore();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function runPython(secret: string, port: number): Promise<Running> {
  const child = spawn("python3", ["examples/receivers/receiver.py"], {
    env: { ...process.env, WAYBILL_WEBHOOK_SECRET: secret, PORT: String(port) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: string[] = [];
  const output = createInterface({ input: child.stdout });
  await once(output, "line");
  output.on("line", (line) => lines.push(line));
  return {
    lines,
    stop: async () => {
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}

type Start = (secret: string, port: number) => Promise<Running>;

const RECEIVERS: readonly (readonly [name: string, path: string, start: Start])[] = [
  [
    "Hono",
    "/webhooks/waybill",
    (secret, port) =>
      serve(
        bridge((request) => honoApp.fetch(request, { WAYBILL_WEBHOOK_SECRET: secret })),
        port,
      ),
  ],
  [
    "Express",
    "/webhooks/waybill",
    (secret, port) => {
      vi.stubEnv("WAYBILL_WEBHOOK_SECRET", secret);
      return serve(expressApp, port);
    },
  ],
  [
    "Next.js",
    "/api/waybill",
    (secret, port) => {
      vi.stubEnv("WAYBILL_WEBHOOK_SECRET", secret);
      return serve(bridge(POST), port);
    },
  ],
  ["Python's standard library", "/", runPython],
];

describe.each(RECEIVERS)("the example receiver on %s", (_name, path, start) => {
  it("takes what the service sends, once each, and nothing that was changed, is old or unsigned", async () => {
    const api = await world.inNamespace();
    const port = await getPort();
    const url = `http://127.0.0.1:${port}${path}`;
    const { webhook_id, secret } = await subscribe(api, url, { event_types: ["*"] });
    const other = `whsec_${btoa("y".repeat(32))}`;
    // Two secrets, as while one takes over from the other.
    const { lines, stop } = await start(`${other} ${secret}`, port);
    try {
      const taskId = await completeTask(world, api);
      const deliveries = await deliveriesTo(api, webhook_id);
      expect(deliveries.map(({ status }) => status)).toEqual(Array(4).fill("COMPLETED"));
      expect(lines.toSorted()).toEqual(
        [
          `task.created ${taskId} 1`,
          `task.started ${taskId} 2`,
          `collection.documents.written ${taskId} 3`,
          `task.completed ${taskId} 4`,
        ].toSorted(),
      );

      const body =
        '{"type":"task.failed","timestamp":"2026-11-24T00:00:00Z","data":{"sequence":7}}';
      const now = new Date();
      const headers = await signatureHeaders([secret], { id: "evt_1", at: now, body });
      const late = await signatureHeaders([secret], {
        id: "evt_1",
        at: new Date(now.getTime() - 301_000),
        body,
      });
      const post = async (sent: string, given: Record<string, string>) =>
        (
          await fetch(url, {
            method: "POST",
            headers: { "content-type": "application/json", ...given },
            body: sent,
          })
        ).status;
      expect(await post(body.replace("7", "8"), headers)).toBe(400);
      expect(await post(`${body} `, headers)).toBe(400);
      expect(await post(body, { ...headers, "webhook-id": "evt_2" })).toBe(400);
      expect(await post(body, { ...headers, "webhook-signature": "v1,AAAA v1,%" })).toBe(400);
      expect(await post(body, late)).toBe(400);
      expect(await post(body, {})).toBe(400);
      expect(lines).toHaveLength(4);

      const foreign = (await signatureHeaders([other], { id: "evt_1", at: now, body }))[
        "webhook-signature"
      ];
      const several = `v1a,AAAA v1,AAAA ${foreign}`;
      expect(await post(body, { ...headers, "webhook-signature": several })).toBe(204);
      expect(await post(body, headers)).toBe(204);
      expect(lines).toHaveLength(5);
      expect(lines[4]).toMatch(/^task\.failed (undefined |None |)\s*7$/);
    } finally {
      await stop();
    }
  });
});
