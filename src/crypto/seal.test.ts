import { expect, test } from "vitest";
import { keyIdOf, seal, sealPrefixOf, unseal } from "./seal.ts";

const key = "0123456789abcdef".repeat(4);
const next = "f".repeat(64);
const keys = { current: key, previous: null };

test("what is sealed is opened with the same key for the same endpoint", async () => {
  const sealed = await seal("whsec_c2VjcmV0", keys, "whk_1");
  expect(sealed).toMatch(/^s2\.[0-9a-f]{8}\./);
  expect(sealed).not.toContain("c2VjcmV0");
  expect(await unseal(sealed, keys, "whk_1")).toBe("whsec_c2VjcmV0");
});

test("the same text never seals to the same text twice", async () => {
  expect(await seal("s", keys, "whk_1")).not.toBe(await seal("s", keys, "whk_1"));
});

test("another key, another endpoint, a changed bit or an unknown version opens nothing", async () => {
  const sealed = await seal("whsec_c2VjcmV0", keys, "whk_1");
  const flipped = sealed.slice(0, -3) + (sealed.at(-3) === "A" ? "B" : "A") + sealed.slice(-2);
  const stranger = { current: next, previous: null };
  await expect(unseal(sealed, stranger, "whk_1")).rejects.toThrow(/not set/);
  await expect(unseal(sealed, keys, "whk_2")).rejects.toThrow();
  await expect(unseal(flipped, keys, "whk_1")).rejects.toThrow();
  await expect(unseal(sealed.replace("s2.", "s9."), keys, "whk_1")).rejects.toThrow(/version/);
  await expect(unseal("nonsense", keys, "whk_1")).rejects.toThrow(/version/);
});

test("while the key is rotated either key opens, and only the current one seals", async () => {
  const old = await seal("s", keys, "whk_1");
  const rotating = { current: next, previous: key };
  expect(await unseal(old, rotating, "whk_1")).toBe("s");
  const fresh = await seal("s", rotating, "whk_1");
  expect(fresh.startsWith(sealPrefixOf(await keyIdOf(next)))).toBe(true);
  expect(await unseal(fresh, { current: next, previous: null }, "whk_1")).toBe("s");
  await expect(unseal(fresh, keys, "whk_1")).rejects.toThrow(/not set/);
});

test("what names a key that did not seal it is not opened", async () => {
  const rotating = { current: next, previous: key };
  const [, , body] = (await seal("s", keys, "whk_1")).split(".");
  const renamed = sealPrefixOf(await keyIdOf(next)) + body;
  await expect(unseal(renamed, rotating, "whk_1")).rejects.toThrow();
});
