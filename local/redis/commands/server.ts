import { StatusReply } from "../reply.ts";
import type { Reply } from "../reply.ts";
import { keyless, wrongArity } from "./command.ts";
import type { Args, CommandContext, CommandSpec } from "./command.ts";

/** @see https://redis.io/docs/latest/commands/ping/ */
function ping(_context: CommandContext, [message, ...rest]: Args): Reply {
  if (rest.length > 0) throw wrongArity("PING");
  return message ?? new StatusReply("PONG");
}

/** Seconds and microseconds as strings. @see https://redis.io/docs/latest/commands/time/ */
function time({ keys }: CommandContext): Reply {
  const seconds = Math.floor(keys.nowMs / 1000);
  return [String(seconds), String(Math.round((keys.nowMs - seconds * 1000) * 1000))];
}

export const serverCommands: readonly CommandSpec[] = [
  keyless("PING", -1, ping),
  keyless("ECHO", 2, (_context, [message = ""]) => message),
  keyless("TIME", 1, time),
];
