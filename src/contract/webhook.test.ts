import { describe, expect, test } from "vitest";
import { CreateWebhookRequest, HEADER_MASK, RotateSecretRequest } from "./webhook.ts";

const hook = { url: "https://hooks.example.com/", event_types: ["task.*"] };

const parse = (headers: Record<string, string>) =>
  CreateWebhookRequest.safeParse({ ...hook, headers });

describe("a custom header", () => {
  test.each(["authorization", "X-Api-Key", "x_tenant", "user-agent", "cookie"])(
    "%s is taken",
    (name) => {
      expect(parse({ [name]: "Bearer abc==, d" }).success).toBe(true);
    },
  );

  test.each([
    "Host",
    "Connection",
    "Transfer-Encoding",
    "TE",
    "Upgrade",
    "Proxy-Authorization",
    "Content-Length",
    "content-type",
    "Webhook-Signature",
    "webhook-id",
    "a b",
    "a:b",
    "",
    "$x",
  ])("%j is refused and named", (name) => {
    expect(parse({ [name]: "x" }).error?.issues[0]?.path).toEqual(["headers", name]);
  });

  test.each(["a\r\nX-Evil: 1", "a\nb", "a\u0000", "tab\t", "é", "x".repeat(1025)])(
    "may not say %j",
    (value) => {
      expect(parse({ "x-a": value }).success).toBe(false);
    },
  );

  test("may not be the mask that responses show in place of a value", () => {
    const refused = parse({ "x-a": HEADER_MASK }).error?.issues[0];
    expect(refused).toMatchObject({
      path: ["headers", "x-a"],
      message: expect.stringContaining("leave `headers` out"),
    });
  });

  test("may be given once, whatever its case, and there are at most twenty", () => {
    expect(parse({ "X-A": "1", "x-a": "2" }).success).toBe(false);
    const many = Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`x-${index}`, "1"]));
    expect(parse(many).success).toBe(false);
  });
});

const ofBytes = (count: number) => `whsec_${btoa("\u00ff".repeat(count))}`;

describe("a secret of the caller's own", () => {
  test.each([24, 25, 26, 32, 63, 64])("may have %d bytes", (count) => {
    const secret = ofBytes(count);
    expect(CreateWebhookRequest.safeParse({ ...hook, secret }).success).toBe(true);
    expect(RotateSecretRequest.safeParse({ secret }).success).toBe(true);
  });

  test.each([
    ["too few bytes", ofBytes(23)],
    ["too many bytes", ofBytes(65)],
    ["no prefix", btoa("x".repeat(32))],
    ["a private key's prefix", `whsk_${btoa("x".repeat(32))}`],
    ["no base64", `whsec_${"!".repeat(44)}`],
    ["the alphabet of URLs", `whsec_${"-_".repeat(22)}`],
    ["no padding", ofBytes(25).replace(/=+$/, "")],
    ["non-zero bits after its end", ofBytes(25).replace(/w==$/, "x==")],
    ["a space before it", ` ${ofBytes(32)}`],
    ["a line break after it", `${ofBytes(32)}\n`],
    ["nothing", ""],
  ])("is refused with %s, and not repeated in the answer", (_, secret) => {
    const { error } = CreateWebhookRequest.safeParse({ ...hook, secret });
    expect(error?.issues.map(({ path }) => path)).toEqual([["secret"]]);
    if (secret !== "") expect(JSON.stringify(error)).not.toContain(secret);
    expect(RotateSecretRequest.safeParse({ secret }).success).toBe(false);
  });
});

const areTaken = (signatures: string[]) =>
  CreateWebhookRequest.safeParse({ ...hook, signatures }).success;

describe("signatures", () => {
  test("are v1, and v1a too when it is asked for", () => {
    expect([["v1"], ["v1", "v1a"], ["v1a", "v1"]].map(areTaken)).toEqual([true, true, true]);
    const wrong = [[], ["v1a"], ["v1", "v1"], ["v2"], ["v1", "v1a", "v1"]];
    expect(wrong.map(areTaken)).toEqual(wrong.map(() => false));
  });

  test("may be rotated for one scheme alone; a secret belongs to v1", () => {
    expect(RotateSecretRequest.safeParse({ signatures: ["v1a"] }).success).toBe(true);
    const secret = `whsec_${btoa("x".repeat(24))}`;
    const { error } = RotateSecretRequest.safeParse({ signatures: ["v1a"], secret });
    expect(error?.issues[0]?.path).toEqual(["secret"]);
  });

  test.each([-1, 604_801, 1.5, "60", null])("may not overlap by %j seconds", (overlap_seconds) => {
    expect(RotateSecretRequest.safeParse({ overlap_seconds }).success).toBe(false);
  });
});
