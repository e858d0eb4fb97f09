import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import type { Stack } from "./stack.ts";

/** What `.waybill/dev.json` says of the stack that runs: all that a client or a test needs. */
const DevInfo = z.object({
  api_url: z.string(),
  admin_key: z.string(),
  redis_url: z.string(),
  redis_token: z.string(),
  qstash_url: z.string(),
  qstash_token: z.string(),
  qstash_current_signing_key: z.string(),
  qstash_next_signing_key: z.string(),
  mongodb_uri: z.string(),
  /** Of the process that SIGTERM stops. */
  pid: z.int(),
});

export type DevInfo = z.infer<typeof DevInfo>;

/** Gathers what there is to know of a stack and the worker at `apiUrl`. */
export function devInfoOf(stack: Stack, apiUrl: string): DevInfo {
  const { vars } = stack;
  return DevInfo.parse({
    api_url: apiUrl,
    admin_key: stack.adminKey,
    redis_url: vars["UPSTASH_REDIS_REST_URL"],
    redis_token: vars["UPSTASH_REDIS_REST_TOKEN"],
    qstash_url: vars["QSTASH_URL"],
    qstash_token: vars["QSTASH_TOKEN"],
    qstash_current_signing_key: vars["QSTASH_CURRENT_SIGNING_KEY"],
    qstash_next_signing_key: vars["QSTASH_NEXT_SIGNING_KEY"],
    mongodb_uri: vars["MONGODB_URI"],
    pid: process.pid,
  });
}

/** What the file says; null where there is none, or where something else wrote it. */
export async function readDevFile(path: string): Promise<DevInfo | null> {
  try {
    return DevInfo.safeParse(JSON.parse(await readFile(path, "utf8"))).data ?? null;
  } catch {
    return null;
  }
}

/** Writes the file at once or not at all: who waits for it never reads half of it. */
export async function writeDevFile(path: string, info: DevInfo): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}`;
  // It holds the keys, so it is its owner's alone.
  await writeFile(draft, `${JSON.stringify(info, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, path);
}

/** Removes the file unless another process has written its own over it. */
export async function removeDevFile(path: string): Promise<void> {
  if ((await readDevFile(path))?.pid === process.pid) await rm(path, { force: true });
}
