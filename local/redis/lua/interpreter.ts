import { createHash } from "node:crypto";
import { commandOf, RedisError } from "../reply.ts";
import type { ByteString, Command, Reply } from "../reply.ts";
import { formatDouble } from "../numbers.ts";
import { pushReply, readReply } from "./convert.ts";
import { SANDBOX_SOURCE } from "./sandbox.ts";
import { LUA_TYPE, LuaVm, REGISTRY } from "./vm.ts";
import type { LuaState } from "./vm.ts";

/** Redis answers BUSY from here on; nobody could send SCRIPT KILL over REST, so this one stops. */
const SCRIPT_TIME_LIMIT_MS = 5000;

/** A compiled script: its place in Lua's registry. */
export type CompiledScript = number;

export function sha1Hex(bytes: ByteString): string {
  return createHash("sha1").update(bytes, "latin1").digest("hex");
}

/** Runs scripts, one at a time, in one VM that lives as long as the server. */
export class LuaInterpreter {
  readonly #vm: LuaVm;
  readonly #onCall: (command: Command) => Reply;
  readonly #globals: number;
  readonly #onError: number;
  readonly #begin: number;

  private constructor(vm: LuaVm, onCall: (command: Command) => Reply, timeLimitMs: number) {
    this.#vm = vm;
    this.#onCall = onCall;
    const { c, main } = vm;
    if (!vm.load(SANDBOX_SOURCE, "=sandbox")) throw new Error(vm.readBytes(main, -1));
    this.#addFunction((state) => this.#redisCall(state));
    vm.pushFunction((state) => {
      pushReply(vm, state, this.#carryOut(state));
      return 1;
    });
    this.#addFunction((state) => {
      if (c.lua_gettop(state) !== 1) throw new RedisError("ERR wrong number of arguments");
      vm.pushBytes(state, sha1Hex(vm.readBytes(state, 1)));
    });
    this.#addFunction((state) => {
      c.lua_pushnumber(state, performance.now());
    });
    c.lua_pushnumber(main, timeLimitMs);
    if (c.lua_pcall(main, 5, 4, 0) !== 0) throw new Error(vm.readBytes(main, -1));
    this.#begin = c.luaL_ref(main, REGISTRY);
    this.#onError = c.luaL_ref(main, REGISTRY);
    this.#globals = c.luaL_ref(main, REGISTRY);
    vm.replaceGlobals();
  }

  /** `onCall` carries out redis.call: it answers errors as values and must not throw. */
  static async create(
    onCall: (command: Command) => Reply,
    timeLimitMs: number = SCRIPT_TIME_LIMIT_MS,
  ): Promise<LuaInterpreter> {
    return new LuaInterpreter(await LuaVm.create(), onCall, timeLimitMs);
  }

  close(): void {
    this.#vm.close();
  }

  /** The size of the VM's memory, which only ever grows: a leak shows in it. */
  memoryBytes(): number {
    return this.#vm.memoryBytes();
  }

  /** Throws Redis's error for a script that is no Lua. */
  compile(source: ByteString): CompiledScript {
    const { c, main } = this.#vm;
    if (source.startsWith("\u001B") || !this.#vm.load(source, "@user_script")) {
      const reason = this.#vm.readBytes(main, -1);
      c.lua_settop(main, 0);
      throw new RedisError(`ERR Error compiling script (new function): ${reason}`);
    }
    return c.luaL_ref(main, REGISTRY);
  }

  release(script: CompiledScript): void {
    this.#vm.c.luaL_unref(this.#vm.main, REGISTRY, script);
  }

  /** Runs a script to its end. The error it dies of names its hash and line, as in Redis 7. */
  run(
    script: CompiledScript,
    sha1: string,
    keys: readonly ByteString[],
    args: readonly ByteString[],
  ): Reply {
    const { c, main } = this.#vm;
    try {
      c.lua_rawgeti(main, REGISTRY, this.#begin);
      c.lua_pcall(main, 0, 0, 0);
      this.#setGlobal("KEYS", keys);
      this.#setGlobal("ARGV", args);
      c.lua_rawgeti(main, REGISTRY, this.#onError);
      c.lua_rawgeti(main, REGISTRY, script);
      if (c.lua_pcall(main, 0, 1, 1) === 0) return readReply(this.#vm, main, -1);
      return this.#readFailure(sha1);
    } finally {
      c.lua_settop(main, 0);
    }
  }

  #setGlobal(name: string, list: readonly ByteString[]): void {
    const { c, main } = this.#vm;
    c.lua_rawgeti(main, REGISTRY, this.#globals);
    this.#vm.pushBytes(main, name);
    pushReply(this.#vm, main, list);
    c.lua_rawset(main, -3);
    this.#vm.pop(main, 1);
  }

  #readFailure(sha1: string): RedisError {
    const { c, main } = this.#vm;
    // Out of memory never reaches the handler, so there is plain text then.
    if (c.lua_type(main, -1) !== LUA_TYPE.table) {
      return new RedisError(`ERR ${this.#vm.readBytes(main, -1)} script: ${sha1}`);
    }
    const read = (name: string): ByteString => {
      this.#vm.pushBytes(main, name);
      c.lua_rawget(main, -2);
      const text = this.#vm.readBytes(main, -1);
      this.#vm.pop(main, 1);
      return text;
    };
    return new RedisError(`${read("err")} script: ${sha1}, on @user_script:${read("line")}.`);
  }

  /**
   * Adds a host function that pushes one value, or throws what becomes the table {err=}. It is a C function to Lua, with no Lua wrapper:
   * `return redis.call(…)` is a tail call, and one to a Lua function would forget the script's line.
   */
  #addFunction(push: (state: LuaState) => void): void {
    const { c } = this.#vm;
    this.#vm.pushFunction((state) => {
      const top = c.lua_gettop(state);
      try {
        push(state);
        return 1;
      } catch (error) {
        c.lua_settop(state, top);
        const problem =
          error instanceof RedisError ? error : new RedisError(`ERR ${String(error)}`);
        pushReply(this.#vm, state, problem);
      }
      // Outside the try: Lua's own unwinding is a JavaScript exception that must not be caught.
      return c.lua_error(state);
    });
  }

  #redisCall(state: LuaState): void {
    const reply = this.#carryOut(state);
    if (reply instanceof RedisError) throw reply;
    pushReply(this.#vm, state, reply);
  }

  #carryOut(state: LuaState): Reply {
    const command = this.#readCommand(state);
    return command instanceof RedisError ? command : this.#onCall(command);
  }

  #readCommand(state: LuaState): Command | RedisError {
    const { c } = this.#vm;
    const parts: ByteString[] = [];
    const count = c.lua_gettop(state);
    if (count === 0) {
      return new RedisError("ERR Please specify at least one argument for this redis lib call");
    }
    for (let index = 1; index <= count; index += 1) {
      const type = c.lua_type(state, index);
      if (type === LUA_TYPE.string) parts.push(this.#vm.readBytes(state, index));
      else if (type === LUA_TYPE.number) {
        parts.push(formatDouble(c.lua_tonumber(state, index)));
      } else {
        return new RedisError("ERR Lua redis lib command arguments must be strings or integers");
      }
    }
    return commandOf(parts);
  }
}
