import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { startMongoServer } from "../../local/mongo/server.ts";
import { stopDev, useDev } from "../support/dev.ts";
import { until } from "../support/processes.ts";

/** How long it may take on a busy machine until a change has its effect. */
const REBUILD_TIMEOUT_MS = 40_000;

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** What `npm run dev` builds and runs. */
const PARTS = [
  "src",
  "local",
  "scripts",
  "wrangler.toml",
  "package.json",
  "tsconfig.json",
  "tsconfig.base.json",
];

const bench = useDev();

/** The project, so that a test may change its sources. */
async function copyProject(): Promise<string> {
  const copy = join(bench.folder, "project");
  await mkdir(copy);
  for (const part of PARTS) await cp(join(ROOT, part), join(copy, part), { recursive: true });
  await symlink(join(ROOT, "node_modules"), join(copy, "node_modules"));
  return copy;
}

describe("npm run dev", () => {
  it("keeps its data and its keys from one run to the next, and starts empty with --clean", async () => {
    const first = await bench.ready();
    await (await bench.api()).post("/v1/namespaces", { name: "kept" }).expect(201);
    const { admin_key: key } = await bench.info();
    // As a crash of the machine would: nothing is put away.
    first.dev.kill("SIGKILL");
    await first.dev.ended;

    const second = await bench.ready();
    expect((await bench.info())["admin_key"]).toBe(key);
    await (await bench.api()).post("/v1/namespaces", { name: "kept" }).expect(409);
    await stopDev(second.dev);

    await bench.ready({}, ["--clean"]);
    expect((await bench.info())["admin_key"]).toBe(key);
    await (await bench.api()).post("/v1/namespaces", { name: "kept" }).expect(201);
  });

  it("stores in the MongoDB of MONGODB_URI, which --clean leaves alone", async () => {
    const mongo = await startMongoServer();
    try {
      const env = { MONGODB_URI: mongo.uri };
      const first = await bench.ready(env);
      await (await bench.api()).post("/v1/namespaces", { name: "kept" }).expect(201);
      await stopDev(first.dev);
      await bench.ready(env, ["--clean"]);
      await (await bench.api()).post("/v1/namespaces", { name: "kept" }).expect(409);
    } finally {
      await mongo.close();
    }
  });

  it("goes over to the worker of the sources as they are, with the data of the one before", async () => {
    const project = await copyProject();
    const { dev, port } = await bench.ready({}, [], join(project, "local/dev.ts"));
    const api = await bench.api();
    await api.post("/v1/namespaces", { name: "kept" }).expect(201);
    const source = join(project, "src/http/routes/health.ts");
    const before = await readFile(source, "utf8");
    const [answered, another] = ['{ status: "ok" as const }', '{ status: "another" as never }'];
    expect(before).toContain(answered);
    const after = before.replace(answered, another);
    const untilStatus = (wanted: string) =>
      until(async () => {
        const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => null);
        const text = (await answer?.text()) ?? "no answer";
        return text === JSON.stringify({ status: wanted }) ? null : `${text}\n${dev.stderr()}`;
      }, REBUILD_TIMEOUT_MS);
    const untilWarned = (text: string) =>
      until(() => (dev.stderr().includes(text) ? null : dev.stderr()), REBUILD_TIMEOUT_MS);

    await writeFile(source, after);
    await untilStatus("another");
    await api.post("/v1/namespaces", { name: "kept" }).expect(409);

    await writeFile(source, `${before}\nconst = 1;\n`);
    await untilWarned("the worker goes on as it was");
    expect(dev.stderr()).toMatch(/health\.ts:\d+:\d+/);
    await untilStatus("another");

    await writeFile(source, `${before}\nthrow new Error("not today");\n`);
    await untilWarned("the one before goes on");
    expect(dev.stdout()).toContain("not today");
    await untilStatus("another");

    await writeFile(source, before);
    await untilStatus("ok");
    await stopDev(dev);
  });
});
