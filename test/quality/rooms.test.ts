import { execFile } from "node:child_process";
import { mkdtemp, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { ENGINE_ROOMS, ROOMS } from "../../scripts/rooms.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const OXLINT = path.join(ROOT, "node_modules/oxlint/bin/oxlint");

/** Files of a tree beside this one, and what the linter must say of each. */
const REFUSED = {
  "src/contract/up.ts": `import { x } from "../engine/x.ts";`,
  "src/ports/up.ts": `import { x } from "../stores/mongo/x.ts";`,
  "src/stores/mongo/up.ts": `import { x } from "../../engine/x.ts";`,
  "src/engine/up.ts": `import { x } from "./tasks/x.ts";`,
  "src/engine/tasks/up.ts": `import { x } from "../events/x.ts";`,
  "src/engine/tasks/type.ts": `import type { X } from "../webhooks/deliveries/x.ts";`,
  "src/engine/events/around.ts": `import { x } from "../../engine/webhooks/x.ts";`,
  "src/engine/webhooks/deliveries/up.ts": `import { x } from "../../runner/x.ts";`,
  "src/engine/tasks/out.ts": `import { x } from "../../http/x.ts";`,
  // The door imports no app, and nothing below the apps knows them, not even by a type.
  "src/index.ts": `import { x } from "./content/index.ts";`,
  "src/http/up.ts": `import { x } from "../content/index.ts";`,
  "src/engine/jobs/up.ts": `import type { X } from "../../content/batch/x.ts";`,
  "src/content/vendor.ts": `import { x } from "../stores/mongo/x.ts";`,
  "src/content/batch/up.ts": `import { x } from "../../worker.ts";`,
  "src/engine/tasks/node.ts": `import { x } from "node:fs";`,
} as const;

const ALLOWED = {
  "src/content/batch/down.ts": `import { x } from "../../index.ts";`,
  "src/engine/event-handlers.ts": `import { x } from "./tasks/x.ts";`,
  "src/engine/events/down.ts": `import { x } from "../tasks/x.ts";`,
  "src/engine/webhooks/deliveries/down.ts": `import { x } from "../../events/x.ts";`,
  "src/engine/tasks/ground.ts": `import { x } from "../context.ts";`,
  // A folder of the same name, inside its own room.
  "src/engine/tasks/old/own.ts": `import { x } from "../runner/x.ts";`,
} as const;

const CIRCLE = {
  "src/ports/one.ts": `import type { Two } from "./two.ts";\nexport type One = Two | 1;`,
  "src/ports/two.ts": `import type { One } from "./one.ts";\nexport type Two = One | 2;`,
} as const;

const Report = z.object({
  diagnostics: z.array(z.object({ code: z.string(), filename: z.string() })),
});

let tree = "";
/** The rules that refuse each file. */
const refusals = new Map<string, string[]>();

beforeAll(async () => {
  tree = await mkdtemp(path.join(tmpdir(), "waybill-rooms-"));
  const config = path.join(ROOT, "oxlint.config.ts");
  const files = { "oxlint.config.ts": `export { default } from ${JSON.stringify(config)};` };
  for (const [name, text] of Object.entries({ ...files, ...REFUSED, ...ALLOWED, ...CIRCLE })) {
    await mkdir(path.dirname(path.join(tree, name)), { recursive: true });
    await writeFile(path.join(tree, name), `${text}\n`);
  }
  for (const { code, filename } of Report.parse(JSON.parse(await lint())).diagnostics) {
    refusals.set(filename, [...(refusals.get(filename) ?? []), code]);
  }
});
afterAll(() => rm(tree, { recursive: true }));

/** What the linter says of the tree, as JSON; it ends with 1 when it refuses anything. */
function lint(): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [OXLINT, "--format=json", "src"], { cwd: tree }, (error, stdout) => {
      if (stdout === "") reject(error ?? new Error("the linter said nothing"));
      else resolve(stdout);
    });
  });
}

/** The names of the folders in one. */
const folders = async (at: string) =>
  (await readdir(path.join(ROOT, at), { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

const RESTRICTED = "eslint(no-restricted-imports)";

describe("the linter", () => {
  it.each(Object.entries(REFUSED))("refuses an import that runs up: %s, %s", (file) => {
    expect(refusals.get(file)).toContain(RESTRICTED);
  });

  it.each(Object.entries(ALLOWED))("lets an import run down: %s, %s", (file) => {
    expect(refusals.get(file) ?? []).not.toContain(RESTRICTED);
  });

  it("refuses a circle of imports, of types too", () => {
    for (const file of Object.keys(CIRCLE)) {
      expect(refusals.get(file), file).toContain("import(no-cycle)");
    }
  });
});

describe("every folder has its place in the table of rooms:", () => {
  it("those of src/", async () => {
    expect(ROOMS.map((room) => room.path)).toEqual(expect.arrayContaining(await folders("src")));
  });

  it("those of src/engine/", async () => {
    const rooms = ENGINE_ROOMS.map((room) => room.path);
    expect(rooms).toEqual(expect.arrayContaining(await folders("src/engine")));
  });
});
