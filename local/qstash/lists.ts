/** `a, b` → `["a", "b"]`; nothing or only commas → `[]`. */
export function splitList(text: string | undefined): string[] {
  const parts = (text ?? "").split(",").map((part) => part.trim());
  return parts.filter((part) => part !== "");
}
