import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { isInstalled } from "../support/processes.ts";
import { readPage, section } from "../support/page.ts";
import { startWorld } from "../support/world.ts";

const run = promisify(execFile);

it.skipIf(!isInstalled("curl") || !isInstalled("bash"))(
  'README\'s lines of "Try it yourself" work as they are pasted',
  async () => {
    const blocks = section(await readPage("README.md"), "## Try it yourself").split("```");
    const lines = blocks.find((block) => block.includes("API=")) ?? "";
    const world = await startWorld();
    const folder = await mkdtemp(join(tmpdir(), "waybill-readme-"));
    try {
      await mkdir(join(folder, ".waybill"));
      const info = JSON.stringify({ admin_key: world.stack.adminKey, pid: 1 }, null, 2);
      await writeFile(join(folder, ".waybill", "dev.json"), info);
      const script = lines
        .replace(/^sh\n/, "")
        .replace("http://localhost:8787", world.worker.url)
        // A person is slower than the job.
        .replaceAll(/^(api .*\/tasks\/\$TASK)$/gm, "until $1 | grep COMPLETED; do :; done");
      const { stdout, stderr } = await run("bash", ["-c", script], {
        cwd: folder,
        timeout: 20_000,
      });
      expect(stderr).toBe("");
      expect(stdout).not.toContain("urn:waybill:problem");
      expect(stdout).toContain('"status":"COMPLETED"');
      expect(stdout).toContain('"reason":"claimed"');
      expect(stdout).toContain('"text":"A waybill travels with the goods."');
    } finally {
      await rm(folder, { recursive: true });
      await world.close();
    }
  },
);
