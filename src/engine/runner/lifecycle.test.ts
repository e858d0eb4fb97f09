import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createJobHarness, type JobHarness } from "../../../test/jobs/harness.ts";
import { isTerminal } from "../../contract/status.ts";
import type { TaskRecord } from "../../ports/task-store.ts";
import { claim } from "./claim.ts";
import { mayBecome } from "../tasks/transitions.ts";

const SECOND_MS = 1_000;

/** What may happen to a task from outside; a crash is of the worker that does what comes next. */
type Happening =
  | { readonly kind: "deliver" | "duplicate" | "lose" | "claim" | "cron" | "kill" }
  | { readonly kind: "wait"; readonly seconds: number }
  | { readonly kind: "crash"; readonly operations: number; readonly lost: "operation" | "answer" };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom("deliver", "cron") }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("duplicate", "lose", "claim") }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("kill") }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("wait"), seconds: fc.constantFrom(1, 30, 61, 130) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("crash"),
      operations: fc.nat(15),
      lost: fc.constantFrom("operation", "answer"),
    }),
  },
);

/** What each step of the job does, in turn; then all of them pass. */
const stepPlan = fc.array(
  fc.record({
    seconds: fc.constantFrom(0, 1, 29, 32, 90),
    /** What happens while the step is at work: a runner that sleeps too long wakes up as a zombie. */
    meanwhile: fc.array(fc.constantFrom("cron", "cron", "claim", "deliver", "kill"), {
      maxLength: 3,
    }),
    fails: fc.boolean(),
  }),
  { maxLength: 12 },
);

describe("a task", () => {
  it("reaches one end and stays there, whatever dies, is lost, comes twice or is killed", async () => {
    const ends = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 25 }), stepPlan, async (story, plan) => {
        const h = createJobHarness({ INVOCATION_MAX_STEPS: "2", LEASE_SECONDS: "30" });
        let steps = 0;
        h.script.steps = 5;
        h.script.onStep = async () => {
          const step = plan[steps];
          steps += 1;
          if (step === undefined) return;
          h.advance(step.seconds * SECOND_MS);
          for (const kind of step.meanwhile) await happen(h, _id, kind);
          if (step.fails) throw new Error("not now");
        };
        const { _id } = await h.submit();
        let before = await h.task(_id);
        const look = async () => {
          const after = await h.task(_id);
          expectLawful(before, after);
          before = after;
        };
        for (const event of story) {
          if (event.kind === "wait") h.advance(event.seconds * SECOND_MS);
          else if (event.kind === "crash") h.crashAfter(event);
          else await happen(h, _id, event.kind);
          if (event.kind === "crash") continue;
          h.revive();
          await look();
        }
        h.revive();
        // From here on nothing more goes wrong: an hour of crons and deliveries is enough.
        for (let minute = 0; minute < 60 && !isTerminal(before.status); minute += 1) {
          h.advance(60 * SECOND_MS);
          await h.cron();
          await look();
          while ((await h.deliverNext()) !== null) await look();
        }
        expect(isTerminal(before.status)).toBe(true);
        if (before.cancel !== null) expect(before.status).toBe("CANCELED");
        expect((await h.batchOf(before))?.status).toSatisfy(
          // A mirror that was lost is mended when the events are dispatched.
          (status: string) => status === before.status || before.pending_events.length > 0,
        );
        ends.add(before.status);
      }),
      { numRuns: 100 },
    );
    // The stories would say little if they all ended alike.
    expect(ends.size).toBeGreaterThan(1);
  });
});

async function happen(
  h: JobHarness,
  taskId: string,
  kind: Exclude<Happening["kind"], "wait" | "crash">,
): Promise<void> {
  switch (kind) {
    case "deliver":
      await h.deliverNext();
      return;
    case "duplicate":
      h.world.queue.push(...h.world.queue.slice(0, 1));
      return;
    case "lose":
      h.world.queue.shift();
      return;
    case "claim": {
      // A runner that takes the lease and is never heard of again.
      const { version } = await h.task(taskId);
      await claim(h.ctx, { task_id: taskId, version }).catch(() => undefined);
      return;
    }
    case "cron":
    case "kill":
      // Refused, or dead half-way: the next one sees to it.
      await (kind === "cron" ? h.cron() : h.kill(taskId)).catch(() => undefined);
  }
}

/** What holds between two looks at a task, whatever happened in between. */
function expectLawful(before: TaskRecord, after: TaskRecord): void {
  if (isTerminal(before.status)) {
    // Only refusals of late writers are added to it.
    const { history: old, ...ended } = before;
    const { history, ...present } = after;
    expect(present).toEqual(ended);
    const added = history.slice(old.length);
    expect(added.every(({ kind }) => kind === "rejected")).toBe(true);
    return;
  }
  expect(after.version).toBeGreaterThanOrEqual(before.version);
  expect(after.attempt).toBeLessThanOrEqual(after.max_attempts);
  expect(after.attempt).toBeGreaterThanOrEqual(before.attempt);
  expect(after.pending_events.map(({ sequence }) => sequence)).toEqual(
    Array.from({ length: after.sequence }, (_, index) => index + 1),
  );
  const moves = after.history.filter(({ kind, from }) => kind === "status" && from !== null);
  let status = "PENDING";
  for (const { from, to } of moves) {
    expect(from).toBe(status);
    expect(from !== null && mayBecome(from, to)).toBe(true);
    status = to;
  }
  expect(after.status).toBe(status);
}
