import { z } from "zod";

/** As much of JSON Schema (2020-12) as zod writes for the contract. */
export type JsonSchema = {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
};

export const JsonSchema: z.ZodType<JsonSchema> = z.object({
  $ref: z.string().exactOptional(),
  type: z.union([z.string(), z.array(z.string())]).exactOptional(),
  enum: z.array(z.unknown()).exactOptional(),
  const: z.unknown().exactOptional(),
  anyOf: z.array(z.lazy(() => JsonSchema)).exactOptional(),
  oneOf: z.array(z.lazy(() => JsonSchema)).exactOptional(),
  items: z.lazy(() => JsonSchema).exactOptional(),
  properties: z
    .record(
      z.string(),
      z.lazy(() => JsonSchema),
    )
    .exactOptional(),
  required: z.array(z.string()).exactOptional(),
  additionalProperties: z.union([z.boolean(), z.lazy(() => JsonSchema)]).exactOptional(),
});

/** Says a field's documentation; undefined when it has none. */
export type DocOf = (field: string) => string | undefined;

/** A schema as a TypeScript type. Throws for what it doesn't know, rather than writing `any`. */
export function toTypeScript(schema: JsonSchema, docOf: DocOf, indent = ""): string {
  const print = (one: JsonSchema) => toTypeScript(one, docOf, indent);
  if (schema.$ref !== undefined) return schema.$ref;
  if (schema.enum !== undefined) return schema.enum.map((one) => JSON.stringify(one)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return [...new Set(choices.map(print))].join(" | ");
  const { type } = schema;
  if (typeof type === "object")
    return type.map((one) => print({ ...schema, type: one })).join(" | ");
  switch (type) {
    case "string":
    case "boolean":
    case "null":
      return type;
    case "number":
    case "integer":
      return "number";
    case "array":
      return arrayOf(print(schema.items ?? {}));
    case "object":
      return printObject(schema, docOf, indent);
    case undefined:
      return "unknown";
    default:
      throw new Error(`no TypeScript for ${JSON.stringify(schema)}`);
  }
}

function arrayOf(item: string): string {
  return /^\w+$/.test(item) ? `${item}[]` : `(${item})[]`;
}

function printObject(schema: JsonSchema, docOf: DocOf, indent: string): string {
  const { properties, required = [], additionalProperties: rest } = schema;
  if (properties === undefined) {
    const value = typeof rest === "object" ? toTypeScript(rest, docOf, indent) : "unknown";
    return `Record<string, ${value}>`;
  }
  const inner = `${indent}  `;
  const lines = Object.entries(properties).map(([name, property]) => {
    const doc = docOf(name);
    const isRequired = required.includes(name);
    // Docs of fields further inside belong to another schema's text.
    const type = toTypeScript(property, () => undefined, inner);
    const comment = doc === undefined ? "" : `${inner}/** ${doc} */\n`;
    return `${comment}${inner}${name}${isRequired ? "" : "?"}: ${type}${isRequired ? "" : " | undefined"};`;
  });
  return lines.length === 0 ? "Record<string, never>" : `{\n${lines.join("\n")}\n${indent}}`;
}
