import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createHash } from "node:crypto";
import {
  CURRENT_KEY,
  HOUR_MS,
  NEXT_KEY,
  claimsOf,
  createSignatureReceiver,
  startStack,
} from "./stack.ts";
import type { Stack } from "./stack.ts";

describe("delivery", () => {
  let stack: Stack;
  beforeEach(async () => {
    stack = await startStack();
  });
  afterEach(() => stack.close());

  const signatureOf = (index = 0): string =>
    String(stack.receiver.received[index]?.headers["upstash-signature"]);

  test("a delivery carries the headers of the documentation", async () => {
    const { client, server, receiver } = stack;
    const { messageId } = await client.publishJSON({ url: receiver.url(), body: {} });
    await server.idle();
    expect(receiver.received[0]?.headers).toMatchObject({
      "user-agent": "Upstash-QStash",
      "content-type": "application/json",
      "upstash-message-id": messageId,
      "upstash-retried": "0",
      "upstash-caller-ip": "127.0.0.1",
      "upstash-region": expect.stringMatching(/^[A-Z]+-[A-Z]+-\d$/),
    });
  });

  test("the official Receiver accepts the signature for the very body and URL", async () => {
    const { client, server, receiver } = stack;
    const url = receiver.url("/job?b=1");
    await client.publishJSON({ url, body: { name: "Ωmega" } });
    await server.idle();
    const verifier = createSignatureReceiver(CURRENT_KEY, NEXT_KEY);
    const [request] = receiver.received;
    const body = request?.body ?? "";
    await expect(verifier.verify({ signature: signatureOf(), body, url })).resolves.toBe(true);
    const tampered = { signature: signatureOf(), body: `${body} `, url };
    await expect(verifier.verify(tampered)).rejects.toThrow("body hash");
    const elsewhere = { signature: signatureOf(), body, url: receiver.url("/other") };
    await expect(verifier.verify(elsewhere)).rejects.toThrow("invalid subject");
  });

  test("a receiver with other keys turns the signature down", async () => {
    const { client, server, receiver } = stack;
    await client.publish({ url: receiver.url(), body: "x" });
    await server.idle();
    const verifier = createSignatureReceiver("sig_other", "sig_another");
    const attempt = verifier.verify({ signature: signatureOf(), body: "x" });
    await expect(attempt).rejects.toThrow("signature verification failed");
  });

  test("the signature's claims are those of the documentation, by the stand-in's clock", async () => {
    const { client, server, receiver, startMs } = stack;
    await client.publish({ url: receiver.url(), body: "hello" });
    await server.idle();
    const hash = createHash("sha256").update("hello").digest("base64");
    expect(claimsOf(signatureOf())).toEqual({
      iss: "Upstash",
      sub: receiver.url(),
      iat: startMs / 1_000,
      exp: startMs / 1_000 + 300,
      nbf: 0,
      jti: expect.stringMatching(/^jwt_/),
      body: hash.replaceAll("+", "-").replaceAll("/", "_"),
    });
  });

  test("each attempt is signed afresh", async () => {
    const { client, clock, receiver, startMs } = stack;
    receiver.always(500);
    await client.publish({ url: receiver.url(), body: "x", retries: 1 });
    await clock.advanceBy(HOUR_MS);
    const claims = [claimsOf(signatureOf(0)), claimsOf(signatureOf(1))];
    expect(claims.map(({ iat }) => Number(iat) - startMs / 1_000)).toEqual([0, 12]);
    expect(claims[0]?.["jti"]).not.toBe(claims[1]?.["jti"]);
  });

  test("after a rotation messages are signed with the key that was next", async () => {
    const { api, client, server, receiver } = stack;
    expect(await api("GET", "/v2/keys")).toEqual({
      status: 200,
      json: { current: CURRENT_KEY, next: NEXT_KEY },
    });
    const rotated = await api("POST", "/v2/keys/rotate");
    expect(rotated.json).toEqual({ current: NEXT_KEY, next: expect.stringMatching(/^sig_/) });
    expect(await api("GET", "/v2/keys")).toEqual(rotated);
    await client.publish({ url: receiver.url(), body: "x" });
    await server.idle();
    // A worker that still has the old pair goes on: its next key is the one in use.
    const verifier = createSignatureReceiver(CURRENT_KEY, NEXT_KEY);
    const onlyOld = createSignatureReceiver(CURRENT_KEY, CURRENT_KEY);
    const request = { signature: signatureOf(), body: "x" };
    await expect(verifier.verify(request)).resolves.toBe(true);
    await expect(onlyOld.verify(request)).rejects.toThrow("signature verification failed");
  });

  test("a redirect is not followed and counts as a failed attempt", async () => {
    const { client, clock, receiver } = stack;
    receiver.answering = ({ path }) =>
      path === "/job" ? { status: 302, headers: { Location: "/elsewhere" } } : { status: 200 };
    await client.publish({ url: receiver.url(), body: "x", retries: 0 });
    await clock.advanceBy(HOUR_MS);
    expect(receiver.at("/elsewhere")).toEqual([]);
    expect((await client.dlq.listMessages()).messages).toMatchObject([{ responseStatus: 302 }]);
  });

  test("a delivered message is gone", async () => {
    const { api, client, server, receiver } = stack;
    const { messageId } = await client.publish({ url: receiver.url(), body: "x" });
    await server.idle();
    expect(await api("GET", `/v2/messages/${messageId}`)).toMatchObject({ status: 404 });
    expect(server.pendingMessages()).toEqual([]);
  });

  test("no more than 50 deliveries are under way at once, and all of them arrive", async () => {
    const { client, server, receiver } = stack;
    receiver.answering = async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return { status: 200 };
    };
    const batch = Array.from({ length: 200 }, () => ({ url: receiver.url(), body: "x" }));
    await client.batch(batch);
    await server.idle();
    expect(receiver.received).toHaveLength(200);
    expect(receiver.mostAtOnce).toBeLessThanOrEqual(50);
  });
});
