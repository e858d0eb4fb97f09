import { afterEach, describe, expect, it, vi } from "vitest";
import { QueueRefusedError, StoreUnavailableError } from "../../ports/errors.ts";
import { createQueue } from "./queue.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** What putting a schedule throws when QStash answers so. */
async function thrownAt(status: number): Promise<unknown> {
  vi.stubGlobal("fetch", () =>
    Promise.resolve(new Response(JSON.stringify({ error: "no" }), { status })),
  );
  // The client tells the console of each failure.
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const queue = createQueue({
    url: "https://qstash.test",
    token: "t",
    publicUrl: "https://w.test",
  });
  return queue.putSchedule({ scheduleId: "sch_1", cron: "0 * * * *" }).catch((error) => error);
}

describe("a schedule that QStash doesn't take", () => {
  it.each([400, 404, 412, 422])("is refused for good when it answers %i", async (status) => {
    expect(await thrownAt(status)).toBeInstanceOf(QueueRefusedError);
  });

  it.each([401, 403, 408, 429, 500, 503])(
    "may be taken later when it answers %i, which says nothing of the schedule",
    async (status) => {
      expect(await thrownAt(status)).toBeInstanceOf(StoreUnavailableError);
    },
  );
});
