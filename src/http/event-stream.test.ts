import { expect, test } from "vitest";
import { gate } from "../../test/contracts/qstash/receiver.ts";
import type { StreamItem } from "../engine/events/event-stream.ts";
import { eventStream, lastEventId } from "./event-stream.ts";

test("a client that disconnects ends the wait and frees its slot", async () => {
  const happened: string[] = [];
  const wait = gate();
  async function* idle(): AsyncGenerator<StreamItem, void, void> {
    try {
      await wait.opened;
      yield { kind: "idle", id: null };
    } finally {
      happened.push("generator ended");
    }
  }
  const leave = (): void => {
    happened.push("left");
    wait.open();
  };
  const reader = eventStream({ items: idle(), leave }, "https://waybill.example").body?.getReader();
  await reader?.read();
  await reader?.cancel();
  expect(happened).toEqual(["left", "generator ended"]);
});

test("a Last-Event-ID is a sequence, 0 when it is absent or empty, and nothing else", () => {
  expect([undefined, "", "0", "17"].map(lastEventId)).toEqual([0, 0, 0, 17]);
  for (const id of ["evt_1", "-1", "1.5", " ", "9".repeat(16)]) {
    expect(() => lastEventId(id)).toThrow("Last-Event-ID");
  }
});
