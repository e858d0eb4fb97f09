import { expect, test } from "vitest";
import { attemptOfToken, reportToken } from "./report-token.ts";

const old = "0".repeat(64);
const next = "f".repeat(64);

test("a token says the attempt that it was made for, and is of one task", async () => {
  const keys = { current: old, previous: null };
  const token = await reportToken(keys, "tsk_1", 3);
  expect(await attemptOfToken(keys, "tsk_1", token)).toBe(3);
  expect(await attemptOfToken(keys, "tsk_2", token)).toBeNull();
  expect(await attemptOfToken(keys, "tsk_1", token.replace("3.", "4."))).toBeNull();
});

test("a task that was handed over before the sealing key was rotated can still be reported on", async () => {
  const token = await reportToken({ current: old }, "tsk_1", 1);
  expect(await attemptOfToken({ current: next, previous: old }, "tsk_1", token)).toBe(1);
  expect(await attemptOfToken({ current: next, previous: null }, "tsk_1", token)).toBeNull();
});
