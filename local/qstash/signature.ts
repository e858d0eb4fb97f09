import { createHash, createHmac, randomUUID } from "node:crypto";

const LIFETIME_SECONDS = 300;
const HEADER = Buffer.from(JSON.stringify({ alg: "HS256", typ: "JWT" })).toString("base64url");

/**
 * The JWT of the Upstash-Signature header. Its times are the stand-in's clock's.
 *
 * From https://upstash.com/docs/qstash/features/security#request-signing-optional: the body's hash
 * is base64url *with* padding, as the example there has it, so that verifiers learn to strip it.
 */
export function signDelivery(options: {
  readonly key: string;
  readonly url: string;
  readonly body: Buffer;
  readonly nowMs: number;
}): string {
  const issuedAt = Math.floor(options.nowMs / 1_000);
  const hash = createHash("sha256").update(options.body).digest("base64");
  const payload = Buffer.from(
    JSON.stringify({
      iss: "Upstash",
      sub: options.url,
      exp: issuedAt + LIFETIME_SECONDS,
      nbf: 0,
      iat: issuedAt,
      jti: `jwt_${randomUUID().replaceAll("-", "")}`,
      body: hash.replaceAll("+", "-").replaceAll("/", "_"),
    }),
  ).toString("base64url");
  const signature = createHmac("sha256", options.key).update(`${HEADER}.${payload}`);
  return `${HEADER}.${payload}.${signature.digest("base64url")}`;
}
