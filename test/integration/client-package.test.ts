import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { contractTypes } from "../../client/scripts/contract-types.ts";
import * as waybill from "../../client/src/index.ts";
import { routes } from "../../client/src/routes.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CLIENT = join(ROOT, "client");

/** What the client may weigh, minified and compressed; its README says what it does weigh. */
const MAX_GZIP_BYTES = 9 * 1024;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "waybill-package-"));
  await mkdir(join(folder, "node_modules"));
  await symlink(CLIENT, join(folder, "node_modules/waybill"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What the compiler says of a file, under the strictest settings and without any other types. */
async function typecheck(text: string): Promise<string> {
  await writeFile(join(folder, "index.ts"), text);
  const { stdout } = spawnSync(
    process.execPath,
    [
      join(ROOT, "node_modules/typescript/bin/tsc"),
      ..."--noEmit --strict --exactOptionalPropertyTypes --noUncheckedIndexedAccess".split(" "),
      ..."--allowImportingTsExtensions --skipLibCheck false --preserveSymlinks".split(" "),
      ..."--target es2022 --lib es2022,dom,dom.asynciterable --types".split(" "),
      "",
      ..."--module esnext --moduleResolution bundler index.ts".split(" "),
    ],
    { cwd: folder, encoding: "utf8" },
  );
  return stdout;
}

async function gzipBytes(text: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: text, resolveDir: folder },
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
  });
  return gzipSync(outputFiles[0]?.contents ?? "", { level: 9 }).length;
}

// The compiler is started anew for each check, which takes a busy machine a while.
describe("the package", { timeout: 120_000 }, () => {
  it("imports nothing, and names nothing that only Node has", async () => {
    const text = await readFile(join(CLIENT, "dist/index.js"), "utf8");
    expect(text).not.toMatch(/^\s*import\b|\brequire\(|\bimport\(|\bprocess\.|\bBuffer\b|\bnode:/m);
    expect(text).not.toContain("zod");
  });

  it("weighs no more than its ceiling, and what its README says within a tenth", async () => {
    const bytes = await gzipBytes('export * from "waybill";');
    expect(bytes).toBeLessThanOrEqual(MAX_GZIP_BYTES);
    const readme = await readFile(join(CLIENT, "README.md"), "utf8");
    const [, stated = ""] = /([\d.]+) kB minified and gzipped/.exec(readme) ?? [];
    expect(Math.abs(bytes / 1000 - Number(stated))).toBeLessThan(0.1 * Number(stated));
  });

  it("has a README that names every option, every method and every error", async () => {
    const readme = await readFile(join(CLIENT, "README.md"), "utf8");
    const files = ["options", "wait-for-task", "stream-task", "verify-webhook"];
    const sources = await Promise.all(
      files.map((file) => readFile(join(CLIENT, `src/${file}.ts`), "utf8")),
    );
    const options = sources
      .flatMap((source) => source.match(/export type \w+Options[^]*?\n\};/g) ?? [])
      .flatMap((type) => type.match(/(?<=^  readonly )\w+(?=\??:)/gm) ?? []);
    const groups = Object.keys(routes);
    const methods = Object.values(routes).flatMap((group) => Object.keys(group));
    const errors = Object.keys(waybill).filter((name) => name.endsWith("Error"));
    const names = new Set([...options, "query", ...groups, ...methods, ...errors]);
    expect(names.size).toBeGreaterThan(50);
    expect([...names].filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
  });

  it("leaves out what isn't used: a webhook's receiver carries no routes", async () => {
    expect(await gzipBytes('export { verifyWebhook } from "waybill";')).toBeLessThan(1900);
  });

  it("has types that need no other package", async () => {
    expect(
      await typecheck(`
        import { createClient, TaskFailedError, type Batch, type Task } from "waybill";
        const client = createClient({ baseUrl: "https://w.test", key: "k" });
        const task: Task = await client.batches.submit("b", "b", { tags: ["x"] });
        const ended: Task | Batch = await client.waitForTask(task.task_id, {
          resource: () => client.batches.get("b", "b"),
          onProgress: (seen) => { seen.status satisfies Task["status"]; },
        });
        const plain: Task = await client.waitForTask(task.task_id);
        for await (const row of client.tasks.listAll({ status: ["FAILED"] })) row.outputs;
        for await (const event of client.streamTask("t")) event.data.task?.status;
        await client.taxonomies.create({ name: "t", nodes: [{ node_id: "a", label: "A" }] });
        const gone: void = await client.buckets.delete("b", { signal: AbortSignal.timeout(5) });
        export { ended, gone, plain, TaskFailedError };
      `),
    ).toBe("");
  });

  it("has types that refuse what the service would", async () => {
    expect(
      await typecheck(`
        import { createClient } from "waybill";
        const client = createClient({ baseUrl: "https://w.test", key: "k" });
        // @ts-expect-error: a body is missing
        await client.buckets.create();
        // @ts-expect-error: there is no such field
        await client.buckets.create({ name: "b", nmae: "c" });
        // @ts-expect-error: an id is missing
        await client.batches.get("b");
        // @ts-expect-error: there is no such status
        await client.tasks.list({ status: "DONE" });
        // @ts-expect-error: that is no list
        client.tasks.getAll("t");
        // @ts-expect-error: a deletion takes no body
        await client.buckets.delete("b", { name: "b" });
        // @ts-expect-error: that route has no query
        await client.buckets.get("b", { query: { source: "cache" } });
      `),
    ).toBe("");
  });

  it("has the contract's types: what is written out says the same as the schemas, both ways", async () => {
    const written = await contractTypes();
    const names = [...written.matchAll(/^export type (\w+) =/gm)].map(([, name]) => name ?? "");
    expect(names.length).toBeGreaterThan(50);
    await writeFile(join(folder, "written.ts"), written);
    const source = JSON.stringify(join(CLIENT, "src/contract.ts"));
    const checks = names.map(
      (name) => `export const ${name}: Same<Source.${name}, Written.${name}> = true;`,
    );
    expect(
      await typecheck(`
        import type * as Source from ${source};
        import type * as Written from "./written.ts";
        type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : "less than the schema") : "other than the schema";
        ${checks.join("\n")}
      `),
    ).toBe("");
  });
});
