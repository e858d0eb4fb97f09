import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { newSecrets, type StackSecrets } from "./stack.ts";

/** What `npm run dev` keeps from one run to the next, beside its file. */
export type DevData = {
  /** What the database holds sealed needs the same key again, and so does a caller. */
  readonly secrets: StackSecrets;
  /** Of the MongoDB stand-in. */
  readonly mongoFile: string;
  /** Of Durable Objects and R2. */
  readonly workerFolder: string;
};

const Secrets = z.object({
  adminKey: z.string(),
  redisToken: z.string(),
  qstashToken: z.string(),
  currentSigningKey: z.string(),
  nextSigningKey: z.string(),
  sealingKey: z.string(),
});

/** Opens what a run left in this folder; empty with `clean`, but for the secrets. */
export async function openDevData(folder: string, { clean }: { clean: boolean }): Promise<DevData> {
  const data = join(folder, "data");
  if (clean) await rm(data, { recursive: true, force: true });
  await mkdir(data, { recursive: true });
  return {
    secrets: await keptSecrets(join(folder, "secrets.json")),
    mongoFile: join(data, "mongodb.bson"),
    workerFolder: join(data, "worker"),
  };
}

async function keptSecrets(file: string): Promise<StackSecrets> {
  const text = await readFile(file, "utf8").catch(() => null);
  if (text !== null) return Secrets.parse(JSON.parse(text));
  const secrets = newSecrets();
  await writeFile(file, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  return secrets;
}
