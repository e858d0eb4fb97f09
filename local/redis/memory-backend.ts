import type { CommandContext, CommandSpec } from "./commands/command.ts";
import { findCommand, hasValidArity, resolveCommand } from "./commands/table.ts";
import { Keyspace } from "./keyspace.ts";
import { LuaInterpreter } from "./lua/interpreter.ts";
import { RedisError } from "./reply.ts";
import type { Backend, Command, Reply } from "./reply.ts";
import { ScriptCache } from "./script-cache.ts";

/**
 * One Redis database in this process. Commands run to their end without awaiting anything,
 * which is what makes each of them, a script and a transaction atomic.
 */
export class MemoryBackend implements Backend {
  readonly #context: CommandContext;
  readonly #interpreter: LuaInterpreter;
  readonly #now: () => number;

  private constructor(context: CommandContext, interpreter: LuaInterpreter, now: () => number) {
    this.#context = context;
    this.#interpreter = interpreter;
    this.#now = now;
  }

  static async create(now: () => number): Promise<MemoryBackend> {
    const keys = new Keyspace();
    const interpreter = await LuaInterpreter.create((command) => runFromScript(context, command));
    const context = { keys, scripts: new ScriptCache(interpreter) };
    return new MemoryBackend(context, interpreter, now);
  }

  execute(command: Command): Reply {
    const spec = resolveCommand(command);
    if (spec instanceof RedisError) return spec;
    this.#context.keys.nowMs = this.#now();
    return run(this.#context, spec, command);
  }

  /** @see https://redis.io/docs/latest/develop/using-commands/transactions/ (errors) */
  transaction(commands: readonly Command[]): readonly Reply[] | RedisError {
    const specs = commands.map((command) => resolveCommand(command));
    if (specs.some((spec) => spec instanceof RedisError)) {
      return new RedisError("EXECABORT Transaction discarded because of previous errors.");
    }
    return commands.map((command) => this.execute(command));
  }

  async flush(): Promise<void> {
    this.#context.keys.clear();
  }

  async close(): Promise<void> {
    this.#interpreter.close();
  }
}

function run(context: CommandContext, spec: CommandSpec, command: Command): Reply {
  try {
    return spec.run(context, command.args);
  } catch (error) {
    if (error instanceof RedisError) return error;
    throw error;
  }
}

/** redis.call: time stands still since the script began, and errors have words of their own. */
function runFromScript(context: CommandContext, command: Command): Reply {
  const spec = findCommand(command.name);
  if (spec === undefined) return new RedisError("ERR Unknown Redis command called from script");
  if (!hasValidArity(spec, command.args)) {
    return new RedisError("ERR Wrong number of args calling Redis command from script");
  }
  if (!spec.isAllowedInScripts) {
    return new RedisError("ERR This Redis command is not allowed from script");
  }
  return run(context, spec, command);
}
