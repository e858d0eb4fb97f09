/** Values as MongoDB prints them in error messages: `{ name: "x", at: new Date(0) }`. */
import { isBinary, isDoc, isLong, isObjectId } from "./types.ts";

export function shellText(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (value instanceof Date) return `new Date(${value.getTime()})`;
  if (isObjectId(value)) return `ObjectId('${value.toHexString()}')`;
  if (isLong(value)) return value.toString();
  if (isBinary(value)) {
    return `BinData(${value.sub_type}, ${value.toString("hex").toUpperCase()})`;
  }
  if (Array.isArray(value)) {
    return value.length === 0 ? "[]" : `[ ${value.map(shellText).join(", ")} ]`;
  }
  if (isDoc(value)) {
    const fields = Object.keys(value).map((key) => `${key}: ${shellText(value[key])}`);
    return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
  }
  return JSON.stringify(value);
}
