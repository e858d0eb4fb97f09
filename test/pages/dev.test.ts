import { access, mkdir, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname } from "node:path";
import getPort from "get-port";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { useDev } from "../support/dev.ts";
import { familyOf, isInstalled, startProgram, until, untilGone } from "../support/processes.ts";

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

const START_TIMEOUT_MS = 60_000;

const bench = useDev();

const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

describe("npm run dev", () => {
  it("writes the file with its ten keys once it is ready, for its owner's eyes only", async () => {
    const { dev, port } = await bench.ready();
    const info = await bench.info();
    expect(Object.keys(info)).toEqual(KEYS);
    expect(info["api_url"]).toBe(`http://127.0.0.1:${port}`);
    expect(info["pid"]).toBe(dev.pid);
    for (const key of KEYS.filter((name) => name !== "pid")) {
      expect(info[key], key).toEqual(expect.stringMatching(/\S/));
    }
    expect((await stat(bench.file)).mode & 0o777).toBe(0o600);
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
  });

  it.skipIf(!isInstalled("curl"))("prints a first curl that works as it is pasted", async () => {
    const { dev } = await bench.ready();
    const [command = ""] = /^ {2}curl (?:.*\\\n)+.*$/m.exec(dev.stdout()) ?? [];
    const pasted = startProgram("/bin/sh", ["-c", command]);
    expect(await pasted.ended, pasted.stderr()).toBe(0);
    expect(JSON.parse(pasted.stdout())).toMatchObject({ name: "shop", status: "ACTIVE" });
  });

  it.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
    "stops on %s with exit code 0, leaving no process and no file",
    async (signal) => {
      const { dev } = await bench.ready();
      const family = await familyOf(dev.pid);
      expect(family.map(({ command }) => command).join("\n")).toMatch(/workerd serve/);
      dev.kill(signal);
      expect(await dev.ended, dev.stderr()).toBe(0);
      await untilGone(family);
      expect(await isThere(bench.file)).toBe(false);
      expect(dev.stderr()).toBe("");
    },
  );

  it("leaves no process when it is killed by SIGKILL, and the file left behind is no obstacle", async () => {
    const { dev, port } = await bench.ready();
    const family = await familyOf(dev.pid);
    dev.kill("SIGKILL");
    await untilGone(family);
    expect(await isThere(bench.file)).toBe(true);

    const next = bench.start({ PORT: String(port) });
    await bench.untilReady(next);
    expect((await bench.info())["pid"]).toBe(next.pid);
  });

  it("stops when the npm that started it is killed by SIGKILL", async () => {
    const port = await getPort({ host: "127.0.0.1" });
    const script =
      'require("node:child_process").spawn(process.execPath, ["local/dev.ts"], { stdio: "inherit" });' +
      "setInterval(() => {}, 1000);";
    const npm = bench.startProgram(process.execPath, ["-e", script], {
      PORT: String(port),
      npm_lifecycle_event: "dev",
    });
    await bench.untilReady(npm);
    const family = await familyOf(npm.pid);
    npm.kill("SIGKILL");
    await untilGone(family);
    expect(await isThere(bench.file)).toBe(false);
  });

  it("goes on when nobody reads what it says any more", async () => {
    const port = await getPort({ host: "127.0.0.1" });
    // The reader closes the pipe at the first line of a ready one; the shell's child is dev.
    const pipe = ["-c", '"$0" local/dev.ts | head -n 2', process.execPath];
    const shell = bench.startProgram("/bin/sh", pipe, { PORT: String(port) });
    await until(
      async () => ((await isThere(bench.file)) ? null : shell.stderr()),
      START_TIMEOUT_MS,
    );
    const pid = z.int().parse((await bench.info())["pid"]);
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
    const dev = bench.start({ PORT: "abc" });
    expect(await dev.ended).toBe(1);
    expect(dev.stderr()).toBe('waybill dev: PORT has to be a number from 1 to 65535, not "abc"\n');
    expect(dev.stdout()).toBe("");
  });

  it("says in one line that its port is in use, with exit code 1", async () => {
    const server = createServer();
    const port = await getPort({ host: "127.0.0.1" });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    try {
      const dev = bench.start({ PORT: String(port) });
      expect(await dev.ended).toBe(1);
      expect(dev.stderr()).toMatch(new RegExp(`^waybill dev: port ${port} is in use;.*\n$`));
      expect(await isThere(bench.file)).toBe(false);
    } finally {
      server.close();
    }
  });

  it("says where it runs already, and leaves the file of the one that runs", async () => {
    const { dev, port } = await bench.ready();
    const second = bench.start({ PORT: String(await getPort({ host: "127.0.0.1" })) });
    expect(await second.ended).toBe(1);
    expect(second.stderr()).toBe(
      `waybill dev: it already runs: http://127.0.0.1:${port}, process ${dev.pid}; ` +
        `stop it with: kill ${dev.pid}\n`,
    );
    expect((await bench.info())["pid"]).toBe(dev.pid);
  });

  it("says in one line what it doesn't understand, with exit code 1", async () => {
    const dev = bench.start({}, ["--cleen"]);
    expect(await dev.ended).toBe(1);
    expect(dev.stderr()).toMatch(/^waybill dev: Unknown option '--cleen'.*--clean.*\n$/);
  });

  it("takes no notice of a file that it didn't write", async () => {
    await mkdir(dirname(bench.file));
    await writeFile(bench.file, "{ not JSON");
    const { dev } = await bench.ready();
    expect((await bench.info())["pid"]).toBe(dev.pid);
  });
});
