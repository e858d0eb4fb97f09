import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { newEd25519KeyPair } from "../../crypto/ed25519.ts";
import { newSecret, signatureHeaders } from "./sign.ts";

const body = '{"type":"task.completed","data":{"name":"größer"}}';

describe("a signature", () => {
  test("is accepted by the reference library of Standard Webhooks", async () => {
    const secret = newSecret();
    const headers = await signatureHeaders([secret], { id: "evt_1", at: new Date(), body });
    expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
  });

  test("is the reference library's own, for a known secret and time", async () => {
    const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const at = new Date(1_614_265_330_999);
    const headers = await signatureHeaders([secret], {
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
      at,
      body,
    });
    expect(headers["webhook-timestamp"]).toBe("1614265330");
    expect(headers["webhook-signature"]).toBe(
      new Webhook(secret).sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, body),
    );
  });

  test("is made with each secret in force, so that either verifies while one rotates", async () => {
    const secrets = [newSecret(), newSecret()];
    const headers = await signatureHeaders(secrets, { id: "evt_1", at: new Date(), body });
    expect(headers["webhook-signature"]).toMatch(/^v1,\S+ v1,\S+$/);
    for (const secret of secrets) {
      expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
    }
    expect(() => new Webhook(newSecret()).verify(body, headers)).toThrow();
  });

  test("is made with a key pair too, beside which the reference library finds its own", async () => {
    const secret = newSecret();
    const { secret: privateKey } = await newEd25519KeyPair();
    const message = { id: "evt_1", at: new Date(), body };
    const headers = await signatureHeaders([privateKey, secret], message);
    expect(headers["webhook-signature"]).toMatch(/^v1a,[\w+/]{86}== v1,\S+$/);
    expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
    const alone = await signatureHeaders([privateKey], message);
    expect(() => new Webhook(secret).verify(body, alone)).toThrow();
  });

  test("doesn't fit a body that differs by one byte", async () => {
    const secret = newSecret();
    const headers = await signatureHeaders([secret], { id: "evt_1", at: new Date(), body });
    expect(() => new Webhook(secret).verify(`${body} `, headers)).toThrow();
  });
});

test("a new secret has 32 random bytes in the written form of Standard Webhooks", () => {
  const secret = newSecret();
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(newSecret()).not.toBe(secret);
});
