import { createHmac } from "node:crypto";
import { createServer } from "node:https";
import { isIP } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { isPublic, startEgressProxy } from "../../examples/egress-proxy.ts";
import { isPublicAddress } from "../../src/outbound/address-ranges.ts";
import { ALLOWED } from "../webhooks/addresses.ts";
import { REFUSED_LITERALS } from "../webhooks/address-literals.ts";
import { TestReceiver } from "../contracts/qstash/receiver.ts";
import { makeBatch, submit, untilEnded } from "../support/fixtures.ts";
import { expectInvalid } from "../support/problems.ts";
import { completeTask, deliveryTo, subscribe } from "../support/webhooks.ts";
import { SELF_SIGNED } from "../support/self-signed.ts";
import { startWorld, type World } from "../support/world.ts";

const secret = "f".repeat(64);
const endpoint = new TestReceiver(Date.now);
/** What the proxy was asked to look up, and what names lead to for it alone. */
const lookedUp: string[] = [];
const zone = new Map<string, readonly string[]>([["hooks.localhost", ["127.0.0.1"]]]);

let proxy: Awaited<ReturnType<typeof startEgressProxy>>;
let world: World;
beforeAll(async () => {
  await endpoint.start();
  proxy = await startEgressProxy({
    secret,
    allowLoopback: true,
    resolve: (host) => {
      lookedUp.push(host);
      return Promise.resolve(zone.get(host) ?? []);
    },
  });
  world = await startWorld({
    vars: { EGRESS_PROXY_URL: proxy.url, EGRESS_PROXY_SECRET: secret },
  });
});
afterAll(async () => {
  await world.close();
  await proxy.close();
  await endpoint.close();
});

const named = (path: string) => endpoint.url(path).replace("127.0.0.1", "hooks.localhost");

function ask(target: object, change: { readonly secret?: string; readonly atMs?: number } = {}) {
  const body = JSON.stringify({ method: "POST", headers: {}, body: "{}", ...target });
  const timestamp = String(Math.floor((change.atMs ?? Date.now()) / 1000));
  const signature = createHmac("sha256", change.secret ?? secret)
    .update(`${timestamp}.${body}`)
    .digest("hex");
  return fetch(proxy.url, {
    method: "POST",
    headers: {
      "waybill-egress-timestamp": timestamp,
      "waybill-egress-signature": signature,
    },
    body,
  });
}

describe("a worker with an egress proxy", () => {
  it("sends webhooks by it alone, signed as ever, with the endpoint's headers and nothing else", async () => {
    const api = await world.inNamespace();
    const { webhook_id } = await subscribe(api, named("/in"), { headers: { "X-Team": "a" } });
    await completeTask(world, api);
    expect(await deliveryTo(api, webhook_id)).toMatchObject({
      status: "COMPLETED",
      attempts: [{ response_status: 200, error: null }],
    });
    const [request] = endpoint.at("/in");
    expect(Object.keys(request?.headers ?? {}).toSorted()).toEqual([
      "accept-encoding",
      "connection",
      "content-length",
      "content-type",
      "host",
      "user-agent",
      "webhook-id",
      "webhook-signature",
      "webhook-timestamp",
      "x-team",
    ]);
    expect(request?.headers.host).toMatch(/^hooks\.localhost:\d+$/);
    expect(lookedUp.filter((host) => host === "hooks.localhost")).toHaveLength(1);
  });

  it("logs the target's own answer: status, head of the body, Retry-After", async () => {
    const api = await world.inNamespace();
    endpoint.answering = () => ({
      status: 503,
      headers: { "retry-after": "3600" },
      body: "x".repeat(10_000),
    });
    const { webhook_id } = await subscribe(api, endpoint.url("/busy"));
    await completeTask(world, api);
    endpoint.always(200);
    const delivery = await deliveryTo(api, webhook_id);
    expect(delivery).toMatchObject({
      status: "PENDING",
      attempts: [{ response_status: 503, error: "HTTP 503", response_body: "x".repeat(4096) }],
    });
    const waitMs = Date.parse(delivery.next_attempt_at ?? "") - Date.now();
    expect(waitMs).toBeGreaterThan(3_500_000);
  });

  it("does not follow a redirect, nor does the proxy", async () => {
    const api = await world.inNamespace();
    endpoint.answering = ({ path }) =>
      path === "/moved"
        ? { status: 307, headers: { location: endpoint.url("/elsewhere") } }
        : { status: 200 };
    const { webhook_id } = await subscribe(api, endpoint.url("/moved"));
    await completeTask(world, api);
    expect(await deliveryTo(api, webhook_id)).toMatchObject({
      attempts: [{ response_status: 307, error: "HTTP 307: redirects are not followed" }],
    });
    expect(endpoint.at("/elsewhere")).toEqual([]);
  });

  it("fails an attempt whose host leads inside for the proxy, or can't be reached by it", async () => {
    const api = await world.inNamespace();
    const inside = await subscribe(api, named("/in").replace("hooks", "inside"));
    const gone = await subscribe(api, named("/in").replace("hooks", "gone"));
    const closed = await subscribe(api, "http://127.0.0.1:9/");
    zone.set("inside.localhost", ["127.0.0.1", "10.0.0.1"]);
    await completeTask(world, api);
    const errorOf = async (id: string) => (await deliveryTo(api, id)).attempts[0]?.error;
    expect(await errorOf(inside.webhook_id)).toMatch(/^the URL is refused by the egress proxy: /);
    expect(await errorOf(gone.webhook_id)).toBe("its host has no address");
    expect(await errorOf(closed.webhook_id)).toBe("it can't be reached");
  });

  it("reads objects' URLs by it too", async () => {
    const api = await world.inNamespace();
    endpoint.answering = () => ({
      status: 200,
      headers: { "content-type": "text/plain" },
      body: "The bill of lading names the goods.",
    });
    const batch = await makeBatch(api, []);
    const objects = [{ content: { url: named("/page") } }];
    await api.post(`/v1/buckets/${batch.bucketId}/objects/batch`, { objects }).expect(200);
    const { task_id } = await submit(api, batch);
    expect(await untilEnded(api, task_id)).toMatchObject({
      status: "COMPLETED",
      outputs: [{ documents_written: 1, objects_failed: 0 }],
    });
    expect(endpoint.at("/page")).toHaveLength(1);
  });

  it("never sends to the proxy itself at a caller's wish", async () => {
    const api = await world.inNamespace();
    expectInvalid(await api.post("/v1/webhooks", { url: proxy.url, event_types: ["*"] }), "url");
  });
});

describe("the example proxy", () => {
  it("sends nothing for who doesn't know the secret, or comes late", async () => {
    const target = { url: endpoint.url("/stranger") };
    const late = Date.now() - 120_000;
    for (const change of [
      { secret: "0".repeat(64) },
      { atMs: late },
      { atMs: Date.now() + 120_000 },
    ]) {
      expect((await ask(target, change)).status).toBe(401);
    }
    expect((await fetch(proxy.url, { method: "POST", body: JSON.stringify(target) })).status).toBe(
      401,
    );
    expect((await fetch(proxy.url)).status).toBe(405);
    expect(endpoint.at("/stranger")).toEqual([]);
  });

  it("connects to the address that it has checked, and looks a name up once", async () => {
    const answers = [["127.0.0.1"], ["10.0.0.1"]];
    const rebinding = await startEgressProxy({
      secret,
      allowLoopback: true,
      resolve: () => Promise.resolve(answers.shift() ?? []),
    });
    const before = proxy;
    proxy = rebinding;
    endpoint.always(200);
    const url = named("/pinned").replace("hooks.localhost", "rebinding.example");
    const first = await ask({ url });
    const second = await ask({ url });
    proxy = before;
    await rebinding.close();
    expect(first.headers.get("waybill-egress-status")).toBe("200");
    expect(second.headers.get("waybill-egress-outcome")).toBe("refused");
    expect(endpoint.at("/pinned")).toHaveLength(1);
    expect(endpoint.at("/pinned")[0]?.headers.host).toMatch(/^rebinding\.example:/);
  });

  it("holds the certificate against the name, though it connects to an address", async () => {
    const server = createServer(SELF_SIGNED, (request, response) => {
      response.end(request.headers.host);
    });
    await new Promise<void>((listening) => {
      server.listen(0, "127.0.0.1", listening);
    });
    const { port } = z.object({ port: z.int() }).parse(server.address());
    zone.set("other.localhost", ["127.0.0.1"]);
    const outcomeOf = async (host: string) => {
      const answer = await ask({ url: `https://${host}:${port}/` });
      return [answer.headers.get("waybill-egress-outcome"), await answer.text()];
    };
    const unreachable = ["failed", "it can't be reached"];
    expect(await outcomeOf("hooks.localhost")).toEqual(unreachable);
    const trusted = getCACertificates("default");
    setDefaultCACertificates([SELF_SIGNED.cert]);
    try {
      expect(await outcomeOf("hooks.localhost")).toEqual(["answered", `hooks.localhost:${port}`]);
      expect(await outcomeOf("other.localhost")).toEqual(unreachable);
      expect(await outcomeOf("127.0.0.1")).toEqual(unreachable);
    } finally {
      setDefaultCACertificates(trusted);
      server.close();
    }
  });

  it("refuses loopback and http outside of development", async () => {
    const strict = await startEgressProxy({ secret });
    const before = proxy;
    proxy = strict;
    const outcomes = [];
    for (const url of [
      endpoint.url("/strict"),
      "https://127.0.0.1/",
      "https://[::1]/",
      "http://8.8.8.8/",
    ]) {
      outcomes.push((await ask({ url })).headers.get("waybill-egress-outcome"));
    }
    proxy = before;
    await strict.close();
    expect(outcomes).toEqual(Array(4).fill("refused"));
    expect(endpoint.at("/strict")).toEqual([]);
  });

  it("answers what is no request with 400", async () => {
    for (const target of [
      { url: "x" },
      { url: endpoint.url(), method: 1 },
      { url: null, body: 2 },
    ]) {
      expect((await ask(target)).status).toBe(400);
    }
  });

  it("bounds what it passes on", async () => {
    endpoint.answering = () => ({ status: 200, body: "x".repeat(3 * 1024 * 1024) });
    expect((await (await ask({ url: endpoint.url("/long") })).text()).length).toBe(2 * 1024 * 1024);
  });

  it("takes for public what the worker's guard does, and no other address", () => {
    const hosts = [...REFUSED_LITERALS.map(([, url]) => url), ...ALLOWED].map(
      (url) => /^https:\/\/(?:\[([^\]]+)\]|([^/:]+))/i.exec(url)?.slice(1).join("") ?? "",
    );
    const addresses = hosts.filter((host) => isIP(host) !== 0);
    expect(addresses.length).toBeGreaterThan(60);
    for (const address of addresses) {
      expect(isPublic(address), address).toBe(isPublicAddress(address));
    }
  });
});
