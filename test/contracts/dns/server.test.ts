import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { type DnsServer, startDnsServer } from "../../../local/dns/server.ts";

/** What Cloudflare's page shows of an answer, field by field. */
const Answer = z.strictObject({
  Status: z.int(),
  TC: z.boolean(),
  RD: z.boolean(),
  RA: z.boolean(),
  AD: z.boolean(),
  CD: z.boolean(),
  Question: z.array(z.strictObject({ name: z.string(), type: z.int() })),
  Answer: z
    .array(z.strictObject({ name: z.string(), type: z.int(), TTL: z.int(), data: z.string() }))
    .optional(),
});

let dns: DnsServer;
beforeAll(async () => {
  dns = await startDnsServer();
});
afterAll(() => dns.close());

async function ask(query: string) {
  const response = await fetch(`${dns.url}?${query}`, {
    headers: { accept: "application/dns-json" },
  });
  expect(response.headers.get("content-type")).toBe("application/dns-json");
  return { status: response.status, body: await response.json() };
}

async function records(name: string, type: string) {
  const { body } = await ask(`name=${name}&type=${type}`);
  const { Status, Answer: answers = [] } = Answer.parse(body);
  return {
    Status,
    answers: answers.map((one) => `${one.name} ${one.TTL} ${one.type} ${one.data}`),
  };
}

it("answers a name that it wasn't told with one public address of each kind", async () => {
  expect(await records("example.com", "A")).toEqual({
    Status: 0,
    answers: ["example.com. 300 1 93.184.215.14"],
  });
  expect((await records("example.com", "AAAA")).answers).toHaveLength(1);
});

it("follows a CNAME and answers each link with its own time to live", async () => {
  dns.set("alias.example.com", { cname: "target.example.com", ttl: 5 });
  dns.set("target.example.com", { a: ["10.0.0.1", "10.0.0.2"] });
  expect(await records("alias.example.com", "A")).toEqual({
    Status: 0,
    answers: [
      "alias.example.com. 5 5 target.example.com.",
      "target.example.com. 300 1 10.0.0.1",
      "target.example.com. 300 1 10.0.0.2",
    ],
  });
  expect((await records("alias.example.com", "AAAA")).answers).toHaveLength(1);
});

it("answers a name that isn't there, one without addresses, and a circle as resolvers do", async () => {
  dns.set("gone.example.com", { status: "NXDOMAIN" });
  dns.set("bare.example.com", {});
  dns.set("circle.example.com", { cname: "circle.example.com" });
  expect(await records("gone.example.com", "A")).toEqual({ Status: 3, answers: [] });
  expect(await records("bare.example.com", "A")).toEqual({ Status: 0, answers: [] });
  expect((await records("circle.example.com", "A")).Status).toBe(2);
});

it("refuses what is no question with 400", async () => {
  for (const query of ["", "name=&type=A", "name=example.com&type=MX"]) {
    expect((await ask(query)).status).toBe(400);
  }
});
