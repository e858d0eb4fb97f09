import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** What npm has installed: another version of a package makes another bundle. */
const INSTALLED = "node_modules/.package-lock.json";

/** A thing that is built, and all that decides how it comes out. */
type Artefact = {
  readonly name: string;
  /** Files and folders, from the project's root. */
  readonly inputs: readonly string[];
  readonly output: string;
  readonly build: () => Promise<void>;
};

const WORKER: Artefact = {
  name: "worker",
  inputs: ["src", "wrangler.toml", "tsconfig.json", "tsconfig.base.json", INSTALLED],
  output: "dist/worker.js",
  build: async () => {
    // Beside `dist`, not in it: the source map's paths stay right, and no reader sees half a file.
    const folder = `dist-${process.pid}`;
    try {
      await run("node_modules/wrangler/bin/wrangler.js", "deploy", "--dry-run", "--outdir", folder);
      await mkdir(join(ROOT, "dist"), { recursive: true });
      for (const file of ["worker.js.map", "worker.js"]) {
        await rename(join(ROOT, folder, file), join(ROOT, "dist", file));
      }
    } finally {
      await rm(join(ROOT, folder), { recursive: true, force: true });
    }
  },
};

const CLIENT: Artefact = {
  name: "client",
  inputs: [
    "client/src",
    "client/scripts",
    "client/tsconfig.json",
    "src/contract",
    "tsconfig.base.json",
    INSTALLED,
  ],
  output: "client/dist/index.js",
  build: () => run("client/scripts/build.ts"),
};

/** Makes `dist/worker.js`, the bundle that `wrangler deploy` uploads, unless it is up to date. */
export const buildWorker = (): Promise<void> => buildIfStale(WORKER);

/** Makes `client/dist`, the package as it is published, unless it is up to date. */
export const buildClient = (): Promise<void> => buildIfStale(CLIENT);

async function buildIfStale(artefact: Artefact): Promise<void> {
  const record = join(ROOT, "dist", `.${artefact.name}`);
  const inputs = await hashOf(artefact.inputs);
  // The output counts too: whatever else wrote there is not what these inputs make.
  const stateNow = async () => `${inputs} ${await hashOf([artefact.output])}\n`;
  if ((await readFile(record, "utf8").catch(() => "")) === (await stateNow())) return;
  await artefact.build();
  await mkdir(join(ROOT, "dist"), { recursive: true });
  await writeFile(record, await stateNow());
}

/** A hash of the names and contents of all files there; a file that is missing counts as such. */
async function hashOf(paths: readonly string[]): Promise<string> {
  const files = (await Promise.all(paths.map(filesIn))).flat().toSorted();
  const hash = createHash("sha256");
  for (const file of files) {
    const content = await readFile(join(ROOT, file)).catch(() => "missing");
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

async function filesIn(path: string): Promise<string[]> {
  const entries = await readdir(join(ROOT, path), { recursive: true, withFileTypes: true }).catch(
    () => null,
  );
  if (entries === null) return [path];
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".test.ts"))
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length));
}

/** Runs a program of the project; fails when it does. */
async function run(program: string, ...args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, WRANGLER_LOG: "error", WRANGLER_SEND_METRICS: "false" },
  });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`${program} ended with exit code ${code}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await Promise.all([buildWorker(), buildClient()]);
}
