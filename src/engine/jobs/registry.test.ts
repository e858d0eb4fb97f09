import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineLoop } from "./define-loop.ts";
import type { Job } from "./job.ts";
import { emittedTypesOf, registerJobs, resourcesOf } from "./registry.ts";
import type { ResourceKind } from "./resource-kind.ts";

const WORK = defineLoop({
  type: "count_words",
  attempts: 3,
  input: z.object({}),
  state: z.object({}),
  start: () => Promise.reject(new Error("it is never run")),
  advance: () => Promise.reject(new Error("it is never run")),
  conclude: () => ({ outputs: [], events: [] }),
});

const BOXES: ResourceKind<unknown> = {
  prefix: "box",
  store: () => {
    throw new Error("it is never used");
  },
};

const job = (own: Partial<Job>): Job => ({ ...WORK, ...own });

describe("the registry of jobs", () => {
  it("holds each by its type, with what its definition left out", () => {
    const jobs = registerJobs([WORK, job({ type: "other" })]);
    expect([...jobs.keys()]).toEqual(["count_words", "other"]);
    expect(jobs.get("count_words")).toMatchObject({
      version: 1,
      killable: true,
      backoff: null,
      concurrency: null,
      resource: null,
      output: null,
    });
  });

  it("refuses two of one type", () => {
    expect(() => registerJobs([WORK, job({})])).toThrow('Two jobs have the type "count_words".');
  });

  it.each<[string, Partial<Job>, string]>([
    ["a type with capitals", { type: "CountWords" }, "type: expected 3 to 100"],
    ["a type that is a route", { type: "list" }, "type: list is a route"],
    ["no attempt", { attempts: 0 }, "attempts:"],
    ["half a version", { version: 1.5 }, "version:"],
    ["a back-off whose cap is below its base", { backoff: { base: 9, cap: 3 } }, "backoff.cap"],
    ["an event with a name of Waybill's", { emits: { "task.counted": z.object({}) } }, "emits"],
    ["a concurrency key with a brace", { concurrency: { key: "{x}", limit: 1 } }, "concurrency"],
  ])("refuses %s, and says which job and what", (_, own, message) => {
    expect(() => registerJobs([job(own)])).toThrow(message);
    expect(() => registerJobs([job(own)])).toThrow("is not well defined");
  });
});

describe("the kinds of resource", () => {
  it("are those that jobs work for, once each", () => {
    const jobs = registerJobs([
      WORK,
      job({ type: "one", resource: BOXES }),
      job({ type: "two", resource: BOXES }),
    ]);
    expect([...resourcesOf(jobs).entries()]).toEqual([["box", BOXES]]);
  });

  it("are refused when two have one prefix, or a prefix is none", () => {
    const same = registerJobs([
      job({ type: "one", resource: BOXES }),
      job({ type: "two", resource: { ...BOXES } }),
    ]);
    expect(() => resourcesOf(same)).toThrow('Two kinds of resource have the prefix "box".');
    const wrong = registerJobs([job({ resource: { ...BOXES, prefix: "Box_" } })]);
    expect(() => resourcesOf(wrong)).toThrow("expected a prefix of a-z");
  });
});

describe("the events that jobs declare", () => {
  it("are known by type, and two jobs may share one with its schema", () => {
    const emits = { "texts.counted": z.object({ words: z.int() }) };
    const jobs = registerJobs([job({ emits }), job({ type: "other", emits })]);
    expect([...emittedTypesOf(jobs)]).toEqual(Object.entries(emits));
  });

  it("are refused when two jobs say different things of one type", () => {
    const jobs = registerJobs([
      job({ emits: { "texts.counted": z.object({}) } }),
      job({ type: "other", emits: { "texts.counted": z.object({}) } }),
    ]);
    expect(() => emittedTypesOf(jobs)).toThrow('Two jobs declare the event "texts.counted"');
  });
});
