import { access, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import getPort from "get-port";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import {
  familyOf,
  isInstalled,
  type Program,
  startProgram,
  until,
  untilGone,
} from "../support/processes.ts";

const KEYS = [
  "api_url",
  "admin_key",
  "redis_url",
  "redis_token",
  "qstash_url",
  "qstash_token",
  "qstash_current_signing_key",
  "qstash_next_signing_key",
  "mongodb_uri",
  "pid",
];

const START_TIMEOUT_MS = 25_000;

let folder: string;
let file: string;
let started: Program[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "waybill-dev-test-"));
  file = join(folder, "nested", "dev.json");
  started = [];
});
afterEach(async () => {
  for (const program of started) program.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

/** `npm run dev` without the build before it, with a file of its own. */
function startDev(env: Readonly<Record<string, string>>, args: readonly string[] = []): Program {
  const program = startProgram(process.execPath, [...args, "local/dev.ts"], {
    WAYBILL_DEV_FILE: file,
    ...env,
  });
  started.push(program);
  return program;
}

async function readyDev(): Promise<{ dev: Program; port: number }> {
  const port = await getPort({ host: "127.0.0.1" });
  const dev = startDev({ PORT: String(port) });
  await untilReady(dev);
  return { dev, port };
}

async function untilReady(dev: Program): Promise<void> {
  await until(
    () => (dev.stdout().includes("Stop with Ctrl-C") ? null : `not ready: ${dev.stderr()}`),
    START_TIMEOUT_MS,
  );
}

async function readFileOfDev(): Promise<Record<string, unknown>> {
  return z.record(z.string(), z.unknown()).parse(JSON.parse(await readFile(file, "utf8")));
}

const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

describe("npm run dev", () => {
  it("writes the file with its ten keys once it is ready, for its owner's eyes only", async () => {
    const { dev, port } = await readyDev();
    const info = await readFileOfDev();
    expect(Object.keys(info)).toEqual(KEYS);
    expect(info["api_url"]).toBe(`http://127.0.0.1:${port}`);
    expect(info["pid"]).toBe(dev.pid);
    for (const key of KEYS.filter((name) => name !== "pid")) {
      expect(info[key], key).toEqual(expect.stringMatching(/\S/));
    }
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
  });

  it.skipIf(!isInstalled("curl"))("prints a first curl that works as it is pasted", async () => {
    const { dev } = await readyDev();
    const [command = ""] = /^ {2}curl (?:.*\\\n)+.*$/m.exec(dev.stdout()) ?? [];
    const pasted = startProgram("/bin/sh", ["-c", command]);
    expect(await pasted.ended, pasted.stderr()).toBe(0);
    expect(JSON.parse(pasted.stdout())).toMatchObject({ name: "shop", status: "ACTIVE" });
  });

  it.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
    "stops on %s with exit code 0, leaving no process and no file",
    async (signal) => {
      const { dev } = await readyDev();
      const family = await familyOf(dev.pid);
      expect(family.map(({ command }) => command).join("\n")).toMatch(/workerd serve/);
      dev.kill(signal);
      expect(await dev.ended, dev.stderr()).toBe(0);
      await untilGone(family);
      expect(await isThere(file)).toBe(false);
      expect(dev.stderr()).toBe("");
    },
  );

  it("leaves no process when it is killed by SIGKILL, and the file left behind is no obstacle", async () => {
    const { dev, port } = await readyDev();
    const family = await familyOf(dev.pid);
    dev.kill("SIGKILL");
    await untilGone(family);
    expect(await isThere(file)).toBe(true);

    const next = startDev({ PORT: String(port) });
    await untilReady(next);
    expect((await readFileOfDev())["pid"]).toBe(next.pid);
  });

  it("stops when the npm that started it is killed by SIGKILL", async () => {
    const port = await getPort({ host: "127.0.0.1" });
    const script =
      'require("node:child_process").spawn(process.execPath, ["local/dev.ts"], { stdio: "inherit" });' +
      "setInterval(() => {}, 1000);";
    const npm = startProgram(process.execPath, ["-e", script], {
      WAYBILL_DEV_FILE: file,
      PORT: String(port),
      npm_lifecycle_event: "dev",
    });
    started.push(npm);
    await untilReady(npm);
    const family = await familyOf(npm.pid);
    npm.kill("SIGKILL");
    await untilGone(family);
    expect(await isThere(file)).toBe(false);
  });

  it("goes on when nobody reads what it says any more", async () => {
    const port = await getPort({ host: "127.0.0.1" });
    // The reader closes the pipe at the first line of a ready one; the shell's child is dev.
    const shell = startProgram(
      "/bin/sh",
      ["-c", '"$0" local/dev.ts | head -n 2', process.execPath],
      {
        WAYBILL_DEV_FILE: file,
        PORT: String(port),
      },
    );
    started.push(shell);
    await until(async () => ((await isThere(file)) ? null : shell.stderr()), START_TIMEOUT_MS);
    const pid = z.int().parse((await readFileOfDev())["pid"]);
    const family = await familyOf(pid);
    try {
      // Each refused request makes the worker log a line.
      for (let request = 0; request < 20; request += 1) {
        expect((await fetch(`http://127.0.0.1:${port}/v1/tasks/tsk_x`)).status).toBe(401);
      }
      expect((await familyOf(pid)).length).toBe(family.length);
    } finally {
      process.kill(pid, "SIGTERM");
    }
    await untilGone(family);
  });

  it("says in one line that PORT is no port, with exit code 1", async () => {
    const dev = startDev({ PORT: "abc" });
    expect(await dev.ended).toBe(1);
    expect(dev.stderr()).toBe('waybill dev: PORT has to be a number from 1 to 65535, not "abc"\n');
    expect(dev.stdout()).toBe("");
  });

  it("says in one line that its port is in use, with exit code 1", async () => {
    const server = createServer();
    const port = await getPort({ host: "127.0.0.1" });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    try {
      const dev = startDev({ PORT: String(port) });
      expect(await dev.ended).toBe(1);
      expect(dev.stderr()).toMatch(new RegExp(`^waybill dev: port ${port} is in use;.*\n$`));
      expect(await isThere(file)).toBe(false);
    } finally {
      server.close();
    }
  });

  it("says where it runs already, and leaves the file of the one that runs", async () => {
    const { dev, port } = await readyDev();
    const second = startDev({ PORT: String(await getPort({ host: "127.0.0.1" })) });
    expect(await second.ended).toBe(1);
    expect(second.stderr()).toBe(
      `waybill dev: it already runs: http://127.0.0.1:${port}, process ${dev.pid}; ` +
        `stop it with: kill ${dev.pid}\n`,
    );
    expect((await readFileOfDev())["pid"]).toBe(dev.pid);
  });

  it("takes no notice of a file that it didn't write", async () => {
    file = join(folder, "dev.json");
    await writeFile(file, "{ not JSON");
    const { dev } = await readyDev();
    expect((await readFileOfDev())["pid"]).toBe(dev.pid);
  });
});
