import { readFile } from "node:fs/promises";
import { z } from "zod";
import { type DocOf, JsonSchema, toTypeScript } from "./json-schema.ts";

const ROOT = new URL("../..", import.meta.url);

type Line = {
  readonly name: string;
  readonly io: "input" | "output";
  /** `src/contract/task.ts` */
  readonly file: string;
  readonly schemaName: string;
};

/**
 * The text of `dist/contract.d.ts`: the types that `client/src/contract.ts` lists, written out from
 * the schemas themselves with the comments that stand at them, so that nobody needs zod to read them.
 */
export async function contractTypes(): Promise<string> {
  const lines = parseList(await readFile(new URL("client/src/contract.ts", ROOT), "utf8"));
  const sources = new Map<string, string>();
  const schemas = new Map<Line, z.ZodType>();
  for (const line of lines) {
    const url = new URL(line.file, ROOT);
    if (!sources.has(line.file)) sources.set(line.file, await readFile(url, "utf8"));
    const module: Record<string, unknown> = await import(url.href);
    const schema = module[line.schemaName];
    if (!(schema instanceof z.ZodType)) throw new Error(`${line.schemaName} is no schema`);
    schemas.set(line, schema);
  }
  const printed = lines.map((line) => {
    const source = sources.get(line.file) ?? "";
    const schema = schemas.get(line);
    if (schema === undefined) throw new Error(`no schema for ${line.name}`);
    const type = toTypeScript(jsonSchemaOf(schema, line, schemas), fieldDocs(source, line));
    const doc = docBefore(source, source.indexOf(`export const ${line.schemaName} =`));
    return `${doc === null ? "" : `/** ${doc} */\n`}export type ${line.name} = ${type};\n`;
  });
  return printed.join("\n");
}

/** The lines of the list. Throws when one has another form, since it would be missing otherwise. */
function parseList(text: string): readonly Line[] {
  const files = new Map(
    [
      ...text.matchAll(/import type \* as (\w+) from "(?:\.\.\/)*(src\/contract\/[\w-]+\.ts)"/g),
    ].map(([, alias = "", file = ""]) => [alias, file]),
  );
  return [...text.matchAll(/^export .*$/gm)].map(([line]) => {
    const [, name, kind, alias = "", schemaName] =
      /^export type (\w+) = (In|Out)<typeof (\w+)\.(\w+)>;$/.exec(line) ?? [];
    const file = files.get(alias);
    if (name === undefined || schemaName === undefined || file === undefined) {
      throw new Error(`client/src/contract.ts: this line has another form: ${line}`);
    }
    return { name, io: kind === "In" ? "input" : "output", file, schemaName };
  });
}

/** The JSON Schema of one line, in which the other lines' types stand by their names. */
function jsonSchemaOf(
  schema: z.ZodType,
  line: Line,
  schemas: ReadonlyMap<Line, z.ZodType>,
): JsonSchema {
  const named = new Map<unknown, string>();
  for (const [other, one] of schemas) {
    const isPlain = other.io === line.io || sameBothWays(one);
    if (one !== schema && isPlain && !named.has(one)) named.set(one, other.name);
  }
  return JsonSchema.parse(
    z.toJSONSchema(schema, {
      io: line.io,
      unrepresentable: "any",
      // Zod may keep what is used twice apart; here it stands where it is used.
      reused: "inline",
      override: ({ zodSchema, jsonSchema }) => {
        const name = named.get(zodSchema);
        if (name === undefined) return;
        for (const key of Object.keys(jsonSchema)) Reflect.deleteProperty(jsonSchema, key);
        jsonSchema.$ref = name;
      },
    }),
  );
}

function sameBothWays(schema: z.ZodType): boolean {
  const write = (io: "input" | "output") =>
    JSON.stringify(z.toJSONSchema(schema, { io, unrepresentable: "any" }), (key, value: unknown) =>
      key === "additionalProperties" && typeof value === "boolean" ? undefined : value,
    );
  return write("input") === write("output");
}

/** The comment that stands right before a place in a source, on one line; null when none does. */
function docBefore(source: string, index: number): string | null {
  const [, text] =
    /\/\*\*((?:(?!\*\/)[^])*)\*\/\s*$/.exec(source.slice(0, Math.max(index, 0))) ?? [];
  return text === undefined ? null : text.replaceAll(/\s*\n\s*\*? ?/g, " ").trim();
}

/** The comments of a schema's own fields. */
function fieldDocs(source: string, { schemaName }: Line): DocOf {
  const start = source.indexOf(`export const ${schemaName} =`);
  const [block = ""] = source.slice(start).split(/\n(?:\/\*\*|export |const |function |type )/, 1);
  return (field) => {
    const [before] = block.split(new RegExp(`\\n\\s+${field}:`), 1);
    return before === undefined || before === block
      ? undefined
      : (docBefore(before, before.length) ?? undefined);
  };
}
