import { spawnSync } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { contractTypes } from "./contract-types.ts";

/** Builds `client/dist`: one module without a dependency, its types, and the licence of what it bundles. */
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const DIST = join(ROOT, "client/dist");

await rm(DIST, { recursive: true, force: true });
await build({
  entryPoints: [join(ROOT, "client/src/index.ts")],
  outfile: join(DIST, "index.js"),
  bundle: true,
  format: "esm",
  target: "es2022",
  platform: "neutral",
  logLevel: "warning",
});

const declarations = await mkdtemp(join(tmpdir(), "waybill-client-"));
const tsc = spawnSync(
  process.execPath,
  [
    join(ROOT, "node_modules/typescript/bin/tsc"),
    "--project",
    join(ROOT, "client/tsconfig.json"),
    "--noEmit",
    "false",
    "--declaration",
    "--emitDeclarationOnly",
    "--outDir",
    declarations,
  ],
  { stdio: "inherit" },
);
if (tsc.status !== 0) throw new Error("the types could not be written");

const emitted = join(declarations, "client/src");
for (const file of await readdir(emitted)) {
  const text = await readFile(join(emitted, file), "utf8");
  await writeFile(
    join(emitted, file),
    text.replaceAll(/((?:from |import\()"\.\/[\w-]+)\.ts"/g, '$1.js"'),
  );
}
await writeFile(join(emitted, "contract.d.ts"), await contractTypes());
await cp(emitted, DIST, { recursive: true });
await rm(declarations, { recursive: true, force: true });
const parser = import.meta.resolve("eventsource-parser");
await cp(new URL("../LICENSE", parser), join(DIST, "eventsource-parser.LICENSE"));
