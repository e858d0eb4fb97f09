import { describe, expect, test } from "vitest";
import { CreateWebhookRequest } from "./webhook.ts";

const parse = (headers: Record<string, string>) =>
  CreateWebhookRequest.safeParse({
    url: "https://hooks.example.com/",
    event_types: ["task.*"],
    headers,
  });

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

  test("stands once, whatever its case, among twenty at most", () => {
    expect(parse({ "X-A": "1", "x-a": "2" }).success).toBe(false);
    const many = Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`x-${index}`, "1"]));
    expect(parse(many).success).toBe(false);
  });
});
