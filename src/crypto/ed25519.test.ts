import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { fromBase64, fromBase64Url, toBase64, toBase64Url } from "./encoding.ts";
import { jwkOf, newEd25519KeyPair, signEd25519 } from "./ed25519.ts";

/** RFC 8037, appendix A: a key, its thumbprint, and a signature with it. */
const KNOWN = {
  d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
  x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
  thumbprint: "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
  signed: "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
  signature:
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
};

const thumbprint = (x: string) =>
  createHash("sha256").update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest("base64url");

test("a signature is that of RFC 8037 for its key and text", async () => {
  const both = [...fromBase64Url(KNOWN.d), ...fromBase64Url(KNOWN.x)];
  const secret = `whsk_${toBase64(Uint8Array.from(both))}`;
  const signature = await signEd25519(secret, new TextEncoder().encode(KNOWN.signed));
  expect(toBase64Url(signature)).toBe(KNOWN.signature);
});

describe("a new key pair", () => {
  test("is written as Standard Webhooks says: 64 and 32 bytes, the public key in both", async () => {
    const { secret, publicKey } = await newEd25519KeyPair();
    expect(secret).toMatch(/^whsk_[A-Za-z0-9+/]{86}==$/);
    expect(publicKey).toMatch(/^whpk_[A-Za-z0-9+/]{43}=$/);
    expect(fromBase64(secret.slice(5)).slice(32)).toEqual(fromBase64(publicKey.slice(5)));
    expect((await newEd25519KeyPair()).secret).not.toBe(secret);
  });

  test("is named by its JWK thumbprint (RFC 7638)", async () => {
    expect(thumbprint(KNOWN.x)).toBe(KNOWN.thumbprint);
    const { publicKey, keyId } = await newEd25519KeyPair();
    expect(keyId).toBe(thumbprint(jwkOf(publicKey, keyId).x));
  });

  test("verifies what it signed, by its JWK alone, and nothing else", async () => {
    const { secret, publicKey, keyId } = await newEd25519KeyPair();
    const jwk = jwkOf(publicKey, keyId);
    expect(jwk).toMatchObject({ kty: "OKP", crv: "Ed25519", alg: "EdDSA", use: "sig", kid: keyId });
    const key = await crypto.subtle.importKey("jwk", jwk, "Ed25519", false, ["verify"]);
    const content = new TextEncoder().encode("größer");
    const signature = Uint8Array.from(await signEd25519(secret, content));
    expect(await crypto.subtle.verify("Ed25519", key, signature, content)).toBe(true);
    for (let at = 0; at < content.length; at += 1) {
      const changed = content.map((byte, index) => (index === at ? byte ^ 1 : byte));
      expect(await crypto.subtle.verify("Ed25519", key, signature, changed)).toBe(false);
    }
  });
});
