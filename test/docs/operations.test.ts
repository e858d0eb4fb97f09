import { readdir, readFile } from "node:fs/promises";
import { parse as parseToml } from "smol-toml";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { Environment, parseConfig } from "../../src/config.ts";
import { readPage, section, tableRows } from "../support/page.ts";

const ROOT = new URL("../../", import.meta.url);

const Wrangler = z.object({
  vars: z.record(z.string(), z.string()),
  triggers: z.object({ crons: z.array(z.string()) }),
});

/** What has no default, so that a deployment must say it. */
const REQUIRED = {
  PUBLIC_URL: "https://waybill.example",
  ADMIN_KEY: "k".repeat(16),
  UPSTASH_REDIS_REST_URL: "https://redis.example",
  UPSTASH_REDIS_REST_TOKEN: "t",
  QSTASH_URL: "https://qstash.example",
  QSTASH_TOKEN: "t",
  QSTASH_CURRENT_SIGNING_KEY: "sig_1",
  QSTASH_NEXT_SIGNING_KEY: "sig_2",
  MONGODB_URI: "mongodb://127.0.0.1/",
  SEALING_KEY: "0".repeat(64),
};

let page: string;
let toml: string;
let wrangler: z.infer<typeof Wrangler>;
beforeAll(async () => {
  page = await readPage("docs/operations.md");
  toml = await readPage("wrangler.toml");
  wrangler = Wrangler.parse(parseToml(toml));
});

/** The text of every module of the worker, its tests left out. */
async function sources(): Promise<string[]> {
  const files = await readdir(new URL("src/", ROOT), { recursive: true });
  const modules = files.filter((file) => file.endsWith(".ts") && !file.includes("test"));
  return Promise.all(modules.map((file) => readFile(new URL(`src/${file}`, ROOT), "utf8")));
}

describe("docs/operations.md", () => {
  it("has every variable and secret of the configuration, and no other", () => {
    const variables = [...tableRows(section(page, "## Variables")).keys()];
    const secrets = [...tableRows(section(page, "## Secrets")).keys()];
    expect([...variables, ...secrets].toSorted()).toEqual(
      Object.keys(Environment.shape).toSorted(),
    );
    expect(variables.toSorted()).toEqual(Object.keys(wrangler.vars).toSorted());
    for (const secret of secrets) expect(toml).toMatch(new RegExp(`^#   ${secret} `, "m"));
  });

  it("says the defaults that the code has, and wrangler.toml sets no others", () => {
    const defaults = new Map(Object.entries(Environment.parse(REQUIRED)));
    for (const [name, [, byDefault]] of tableRows(section(page, "## Variables"))) {
      if (name in REQUIRED) {
        expect(byDefault, name).toBe("none");
        continue;
      }
      expect(byDefault, name).toBe(String(defaults.get(name)));
      expect(wrangler.vars[name], name).toBe(byDefault);
    }
  });

  it("names every secret as one that must be set", () => {
    for (const name of Object.keys(REQUIRED)) {
      expect(() => parseConfig({ ...REQUIRED, [name]: undefined }), name).toThrow(name);
    }
  });

  it("has every cron line", () => {
    const crons = [...tableRows(section(page, "## What the crons do")).keys()];
    expect(crons).toEqual(wrangler.triggers.crons);
  });

  it("has every line that the worker logs, with its level", async () => {
    const table = section(page, "## What to watch");
    const text = (await sources()).join("\n");
    const logged = [...text.matchAll(/\blog\(\s*"(info|warn|error)",\s*"([^"]+)"/g)];
    expect(logged.length).toBeGreaterThan(8);
    for (const [, level = "", message = ""] of logged) {
      expect(table).toContain(`| ${level} | \`${message}\` |`);
    }
    const duties = (await readPage("src/engine/duties/crons.ts")).matchAll(/name: "([\w ]+)"/g);
    for (const [, duty = ""] of duties) expect(table).toContain(`| info | \`${duty}\` |`);
  });

  it("has the limits that the code has", async () => {
    const rows = [
      ...section(page, "## Limits").matchAll(
        /^\|[^|]+\| ([\d,]+)[^|]*\|.*`(src\/.+?)` `(\w+)` \|$/gm,
      ),
    ];
    expect(rows.length).toBeGreaterThan(15);
    for (const [, documented = "", file = "", name = ""] of rows) {
      const source = await readPage(file);
      const factors = new RegExp(`const ${name} = ([\\d_* ]+);`).exec(source)?.[1]?.split("*");
      const real = factors?.reduce((product, one) => product * Number(one.replaceAll("_", "")), 1);
      expect(real, `${file} ${name}`).toBe(Number(documented.replaceAll(",", "")));
    }
  });
});
