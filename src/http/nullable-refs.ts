/**
 * Corrects, in place, how the generator writes a nullable reference to a named schema: `allOf: [{
 * $ref }, { type: [T, "null"] }]`, which null never satisfies, becomes `anyOf: [{ $ref }, { type:
 * "null" }]`.
 */
export function mendNullableRefs(node: unknown): void {
  if (typeof node !== "object" || node === null) return;
  for (const child of Object.values(node)) mendNullableRefs(child);
  if (!("allOf" in node) || !Array.isArray(node.allOf)) return;
  const parts: readonly unknown[] = node.allOf;
  const [reference, other] = parts;
  if (parts.length !== 2 || !isReference(reference) || !isNullableType(other)) return;
  delete node.allOf;
  Object.assign(node, { anyOf: [reference, { type: "null" }] });
}

function isReference(node: unknown): boolean {
  return typeof node === "object" && node !== null && "$ref" in node;
}

function isNullableType(node: unknown): boolean {
  if (typeof node !== "object" || node === null || !("type" in node)) return false;
  return Array.isArray(node.type) && node.type.includes("null") && Object.keys(node).length === 1;
}
