import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { once } from "node:events";
import { createClientWith } from "../../src/client.ts";
import { platform } from "../../src/runtime.ts";

/** An `idleTimeout` that passes when the test says so. */
export const IDLE_MS = 29_000;

/** What the server does with one connection. */
export type Serve = (response: ServerResponse, headers: IncomingHttpHeaders) => void;

/** An event of a task as it stands in a stream. */
export function written(sequence: number, type: string): string {
  const data = {
    type,
    timestamp: "2026-11-24T01:02:03.456Z",
    data: { namespace_id: "ns_1", sequence },
  };
  return `id: ${sequence}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Answers as the head of a stream. */
export function begin(response: ServerResponse): ServerResponse {
  return response.writeHead(200, { "Content-Type": "text/event-stream; charset=utf-8" });
}

/** A stream of so much text, ended in good order. */
export const streams =
  (text: string): Serve =>
  (response) => {
    begin(response).end(text);
  };

/** A stream of so much text whose connection then breaks. */
export const breaks =
  (text: string): Serve =>
  (response) => {
    begin(response).write(text, () => response.destroy());
  };

/** A JSON answer. */
export const json =
  (status: number, body: object): Serve =>
  (response) => {
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  };

/** A server on loopback that serves connections in this order, and a client of it without waits. */
export async function eventServer(serves: readonly Serve[]) {
  const got: IncomingHttpHeaders[] = [];
  const closed: Promise<unknown>[] = [];
  const server = createServer((request, response) => {
    closed.push(once(response, "close"));
    const serve = serves[got.length];
    got.push(request.headers);
    if (serve === undefined) response.destroy();
    else serve(response, request.headers);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const waits: number[] = [];
  const silences = new Set<() => void>();
  const client = createClientWith(
    { baseUrl: `http://127.0.0.1:${port}`, key: "wb_key", namespace: "shop" },
    {
      now: () => Date.now(),
      random: () => 1,
      // Waits between connections are noted and skipped; time-outs of connections are real.
      timer: (ms, callback) => {
        if (ms === IDLE_MS) {
          silences.add(callback);
          return () => silences.delete(callback);
        }
        if (ms >= 30_000) return platform.timer(ms, callback);
        waits.push(ms);
        return platform.timer(0, callback);
      },
    },
  );
  return {
    client,
    got,
    waits,
    closed,
    /** Lets the time pass that a connection may be silent for, once the client waits for bytes. */
    passIdleTime: async () => {
      await new Promise(setImmediate);
      for (const callback of silences) callback();
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
