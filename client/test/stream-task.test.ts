import { describe, expect, it } from "vitest";
import { NetworkError, NotFoundError, UnexpectedAnswerError } from "../src/errors.ts";
import {
  begin,
  breaks,
  eventServer,
  IDLE_MS,
  json,
  streams,
  written,
} from "./support/event-server.ts";
import { collect, errorOf } from "./support/fake.ts";

const created = written(1, "task.created");
const started = written(2, "task.started");
const completed = written(3, "task.completed");
const sequences = (events: readonly { sequence: number }[]) => events.map((one) => one.sequence);

describe("a stream of a task's events", () => {
  it("yields each with its sequence, type, time and data, and ends after the last", async () => {
    await using server = await eventServer([streams(created + started + completed)]);
    const events = await collect(server.client.streamTask("tsk_1"));
    expect(events[0]).toEqual({
      sequence: 1,
      type: "task.created",
      timestamp: "2026-11-24T01:02:03.456Z",
      data: { namespace_id: "ns_1", sequence: 1 },
    });
    expect(sequences(events)).toEqual([1, 2, 3]);
    expect(server.got[0]).toMatchObject({ accept: "text/event-stream", "x-namespace": "shop" });
    expect(server.got[0]).not.toHaveProperty("last-event-id");
  });

  it.each(["task.completed", "task.failed", "task.canceled", "task.skipped"])(
    "ends after %s, though the service keeps the connection",
    async (type) => {
      await using server = await eventServer([
        (response) => begin(response).write(created + written(2, type)),
      ]);
      expect(sequences(await collect(server.client.streamTask("tsk_1")))).toEqual([1, 2]);
      await server.closed[0];
    },
  );

  it("is taken up after the last event when the connection breaks, in the midst of one too", async () => {
    await using server = await eventServer([
      breaks(created + started.slice(0, 40)),
      breaks(started),
      streams(completed),
    ]);
    expect(sequences(await collect(server.client.streamTask("tsk_1")))).toEqual([1, 2, 3]);
    expect(server.got.map((headers) => headers["last-event-id"])).toEqual([undefined, "1", "2"]);
  });

  it("yields no event twice, though the service sends it again", async () => {
    await using server = await eventServer([
      streams(created + started + started),
      streams(created + started + completed),
    ]);
    expect(sequences(await collect(server.client.streamTask("tsk_1")))).toEqual([1, 2, 3]);
  });

  it("begins after lastEventId", async () => {
    await using server = await eventServer([streams(completed)]);
    expect(sequences(await collect(server.client.streamTask("tsk_1", { lastEventId: 2 })))).toEqual(
      [3],
    );
    expect(server.got[0]).toMatchObject({ "last-event-id": "2" });
  });

  it("takes heartbeats, other line ends and any cut between bytes", async () => {
    const text = `: hi\r\nretry: 5\r\n\r\n${created.replaceAll("\n", "\r\n")}:\n\n${started}${completed}`;
    await using server = await eventServer([
      (response) => {
        begin(response);
        const bytes = [...Buffer.from(text)];
        const next = () => {
          const byte = bytes.shift();
          if (byte === undefined) response.end();
          else response.write(Buffer.from([byte]), next);
        };
        next();
      },
    ]);
    expect(sequences(await collect(server.client.streamTask("tsk_1")))).toEqual([1, 2, 3]);
  });

  it("waits as long as the service's retry says before it connects again", async () => {
    await using server = await eventServer([
      streams(`retry: 2500\n\n${created}`),
      streams(started + completed),
    ]);
    await collect(server.client.streamTask("tsk_1"));
    expect(server.waits).toEqual([2500]);
  });

  it("that brings nothing ends when the task has ended and all its events are known", async () => {
    await using server = await eventServer([
      streams(""),
      json(200, { task_id: "tsk_1", status: "COMPLETED", sequence: 3 }),
    ]);
    expect(await collect(server.client.streamTask("tsk_1", { lastEventId: 3 }))).toEqual([]);
  });

  it("that brings nothing goes on while the task runs, a second later", async () => {
    await using server = await eventServer([
      streams(""),
      json(200, { task_id: "tsk_1", status: "PROCESSING", sequence: 2 }),
      streams(completed),
    ]);
    expect(await collect(server.client.streamTask("tsk_1", { lastEventId: 2 }))).toHaveLength(1);
    expect(server.waits).toEqual([1000]);
  });

  it("gives up after as many failed connections in a row as there are retries", async () => {
    await using server = await eventServer([]);
    expect(await errorOf(collect(server.client.streamTask("tsk_1")))).toBeInstanceOf(NetworkError);
    expect(server.got).toHaveLength(4);
    expect(server.waits).toEqual([500, 1000, 2000]);
  });

  it("outlasts any number of broken connections that each brought something", async () => {
    const many = Array.from({ length: 9 }, (_, index) =>
      breaks(written(index + 1, "task.progressed")),
    );
    await using server = await eventServer([...many, streams(written(10, "task.completed"))]);
    expect(await collect(server.client.streamTask("tsk_1"))).toHaveLength(10);
  });

  it("of a silent connection is taken up on another one", async () => {
    await using server = await eventServer([
      (response) => begin(response).write(created),
      streams(started + completed),
    ]);
    const events = server.client.streamTask("tsk_1", { idleTimeout: IDLE_MS });
    expect((await events.next()).value).toMatchObject({ sequence: 1 });
    const rest = collect(events);
    await server.passIdleTime();
    expect(sequences(await rest)).toEqual([2, 3]);
    expect(server.got).toHaveLength(2);
  });

  it("of an unknown task is a NotFoundError, and of a service that doesn't stream says so", async () => {
    await using server = await eventServer([
      json(404, { code: "not_found", detail: "no such task" }),
      json(200, { task_id: "tsk_1", status: "PENDING" }),
    ]);
    expect(await errorOf(collect(server.client.streamTask("tsk_1")))).toBeInstanceOf(NotFoundError);
    const error = await errorOf(collect(server.client.streamTask("tsk_1")));
    expect(error).toBeInstanceOf(UnexpectedAnswerError);
    expect(String(error)).toContain("doesn't stream");
  });

  it("ends at the signal, with its reason, and closes its connection", async () => {
    await using server = await eventServer([(response) => begin(response).write(created)]);
    const controller = new AbortController();
    const events = server.client.streamTask("tsk_1", { signal: controller.signal });
    expect((await events.next()).value).toMatchObject({ sequence: 1 });
    const next = events.next();
    controller.abort("enough");
    expect(await errorOf(next)).toBe("enough");
    await server.closed[0];
  });

  it("closes its connection when the caller leaves the loop", async () => {
    await using server = await eventServer([(response) => begin(response).write(created)]);
    for await (const _ of server.client.streamTask("tsk_1")) break;
    await server.closed[0];
  });
});
