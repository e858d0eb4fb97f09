import { styleText } from "node:util";
import { z } from "zod";

/** What the worker logs: one JSON object per line (`src/services.ts`). */
const Entry = z.looseObject({ level: z.string(), message: z.string() });

const COLOURS: Readonly<Record<string, "red" | "yellow" | "dim">> = {
  error: "red",
  warn: "yellow",
  info: "dim",
  debug: "dim",
};

/**
 * A line of the worker's log for a person: time, level, message, fields; the request's id comes
 * last, since one looks for it only when one has it. What is not the worker's own JSON (a stack,
 * a message of workerd) stays as it is.
 */
export function formatLogLine(line: string, at: Date): string {
  const entry = parse(line);
  if (entry === null) return line;
  const { level, message, request_id, ...fields } = entry;
  const shown = request_id === undefined ? fields : { ...fields, request_id };
  const rest = Object.entries(shown)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
  const time = at.toISOString().slice(11, 19);
  const text = `${time} ${level.padEnd(5)} ${message}${rest === "" ? "" : `  ${rest}`}`;
  const colour = COLOURS[level];
  return colour === undefined ? text : styleText(colour, text);
}

function parse(line: string): z.infer<typeof Entry> | null {
  if (!line.startsWith("{")) return null;
  try {
    return Entry.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}
