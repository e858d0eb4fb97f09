import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Received, TestReceiver } from "../contracts/qstash/receiver.ts";
import { completeTask, subscribe } from "../support/webhooks.ts";
import { startWorld, type World } from "../support/world.ts";

/** Both libraries as npm has them; each throws at what it doesn't trust. */
const VERIFIERS = { standardwebhooks: StandardWebhook, svix: SvixWebhook } as const;

const SIGNED_HEADERS = ["webhook-id", "webhook-timestamp", "webhook-signature"] as const;

let world: World;
let secret: string;
let requests: readonly Received[];
const endpoint = new TestReceiver(Date.now);
beforeAll(async () => {
  world = await startWorld();
  await endpoint.start();
  const api = await world.inNamespace();
  ({ secret } = await subscribe(api, endpoint.url("/in"), { event_types: ["*"] }));
  await completeTask(world, api);
  requests = endpoint.at("/in");
});
afterAll(async () => {
  await endpoint.close();
  await world.close();
});

function headersOf(request: Received): Record<string, string> {
  return Object.fromEntries(
    SIGNED_HEADERS.map((name) => [name, String(request.headers[name] ?? "")]),
  );
}

/** The first request; the tests below change it byte by byte. */
function sample(): Received {
  const [request] = requests;
  if (request === undefined) throw new Error("nothing was delivered");
  return request;
}

describe.each(Object.entries(VERIFIERS))("for the package %s, unmodified", (_name, Verifier) => {
  const accepts = (body: Buffer, headers: Record<string, string>, key = secret): boolean => {
    try {
      new Verifier(key).verify(body, headers);
      return true;
    } catch {
      return false;
    }
  };

  it("every delivery of the built worker verifies, and reads as the JSON that was sent", () => {
    expect(requests.length).toBeGreaterThan(3);
    for (const request of requests) {
      const read = new Verifier(secret).verify(request.bytes, headersOf(request));
      expect(read).toEqual(JSON.parse(request.body));
    }
  });

  it("a delivery with any one byte of its body changed, left out or added is refused", () => {
    const { bytes } = sample();
    const headers = headersOf(sample());
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const shorter = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
      expect(accepts(changed, headers), `byte ${at} changed`).toBe(false);
      expect(accepts(shorter, headers), `byte ${at} left out`).toBe(false);
    }
    expect(accepts(Buffer.concat([bytes, Buffer.from(" ")]), headers)).toBe(false);
    expect(accepts(bytes, headers)).toBe(true);
  });

  it.each(SIGNED_HEADERS)("a delivery with any one byte of %s changed is refused", (name) => {
    const { bytes } = sample();
    const headers = headersOf(sample());
    const value = Buffer.from(headers[name] ?? "");
    expect(value.length).toBeGreaterThan(9);
    for (let at = 0; at < value.length; at += 1) {
      const changed = Buffer.from(value);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const given = { ...headers, [name]: changed.toString("latin1") };
      expect(accepts(bytes, given), `byte ${at} of ${name}`).toBe(false);
    }
  });

  it("a delivery is refused by another secret, and without any of its headers", () => {
    const { bytes } = sample();
    const headers = headersOf(sample());
    expect(accepts(bytes, headers, `whsec_${btoa("x".repeat(32))}`)).toBe(false);
    for (const name of SIGNED_HEADERS) {
      const { [name]: _, ...rest } = headers;
      expect(accepts(bytes, rest), name).toBe(false);
    }
  });
});
