import { expect, test } from "vitest";
import { openSecret, sealSecret } from "./seal.ts";

const key = "0123456789abcdef".repeat(4);

test("what is sealed is opened with the same key for the same endpoint", async () => {
  const sealed = await sealSecret("whsec_c2VjcmV0", key, "whk_1");
  expect(sealed).toMatch(/^s1\./);
  expect(sealed).not.toContain("c2VjcmV0");
  expect(await openSecret(sealed, key, "whk_1")).toBe("whsec_c2VjcmV0");
});

test("the same secret never seals to the same text twice", async () => {
  expect(await sealSecret("s", key, "whk_1")).not.toBe(await sealSecret("s", key, "whk_1"));
});

test("another key, another endpoint, a changed bit or an unknown version opens nothing", async () => {
  const sealed = await sealSecret("whsec_c2VjcmV0", key, "whk_1");
  const flipped = sealed.slice(0, -3) + (sealed.at(-3) === "A" ? "B" : "A") + sealed.slice(-2);
  await expect(openSecret(sealed, "f".repeat(64), "whk_1")).rejects.toThrow();
  await expect(openSecret(sealed, key, "whk_2")).rejects.toThrow();
  await expect(openSecret(flipped, key, "whk_1")).rejects.toThrow();
  await expect(openSecret(sealed.replace("s1.", "s9."), key, "whk_1")).rejects.toThrow(/version/);
});
