import { LuaApi } from "wasmoon-lua5.1";
import type { ByteString } from "../reply.ts";

/** The C functions of Lua 5.1 that are used here. */
type LuaFunctions = {
  free(pointer: number): void;
  lua_checkstack(state: LuaState, extra: number): number;
  lua_close(state: LuaState): void;
  lua_createtable(state: LuaState, list: number, named: number): void;
  lua_error(state: LuaState): number;
  lua_gettop(state: LuaState): number;
  lua_pcall(state: LuaState, args: number, results: number, handler: number): number;
  lua_pushboolean(state: LuaState, value: number): void;
  lua_pushcclosure(state: LuaState, callback: number, upvalues: number): void;
  lua_pushlstring(state: LuaState, text: number, size: number): void;
  lua_pushnumber(state: LuaState, value: number): void;
  lua_rawget(state: LuaState, index: number): void;
  lua_rawgeti(state: LuaState, index: number, place: number): void;
  lua_rawset(state: LuaState, index: number): void;
  lua_rawseti(state: LuaState, index: number, place: number): void;
  lua_replace(state: LuaState, index: number): void;
  lua_settop(state: LuaState, index: number): void;
  lua_toboolean(state: LuaState, index: number): number;
  lua_tolstring(state: LuaState, index: number, size: number): number;
  lua_tonumber(state: LuaState, index: number): number;
  lua_type(state: LuaState, index: number): number;
  luaL_loadbuffer(state: LuaState, text: number, size: number, name: number): number;
  luaL_newstate(): LuaState;
  luaL_openlibs(state: LuaState): void;
  luaL_ref(state: LuaState, table: number): number;
  luaL_unref(state: LuaState, table: number, ref: number): void;
  malloc(size: number): number;
};

/** What emscripten exports: each C function with an underscore in front, and the memory. */
type LuaExports = { readonly [K in keyof LuaFunctions as `_${K}`]: LuaFunctions[K] } & {
  readonly HEAPU8: Uint8Array<ArrayBuffer>;
  readonly HEAPU32: Uint32Array<ArrayBuffer>;
  addFunction(callback: (state: LuaState) => number, signature: "ii"): number;
};

/** A `lua_State *`: the main thread, or the coroutine that calls. */
export type LuaState = number;

/** lua.h's type tags. */
export const LUA_TYPE = {
  nil: 0,
  boolean: 1,
  number: 3,
  string: 4,
  table: 5,
} as const;

export const REGISTRY = -10_000;
const GLOBALS = -10_002;

const INITIAL_SCRATCH_BYTES = 4096;

/**
 * Lua's C API with byte strings.
 *
 * The package's own wrapper is passed by: it decodes strings as UTF-8 up to the first NUL, which
 * would damage binary values, and its references to tables outlive the call. Here strings
 * cross with their length, byte by byte, and nothing is kept on the JavaScript side.
 */
export class LuaVm {
  readonly c: LuaFunctions;
  readonly main: LuaState;
  readonly #exports: LuaExports;
  readonly #sizeCell: number;
  #scratch: number;
  #scratchBytes = INITIAL_SCRATCH_BYTES;
  #memory: Buffer<ArrayBuffer>;

  private constructor(exported: LuaExports) {
    const c = withoutUnderscores(exported);
    this.c = c;
    this.#exports = exported;
    this.main = c.luaL_newstate();
    c.luaL_openlibs(this.main);
    this.#sizeCell = c.malloc(4);
    this.#scratch = c.malloc(INITIAL_SCRATCH_BYTES);
    this.#memory = Buffer.from(exported.HEAPU8.buffer);
  }

  static async create(): Promise<LuaVm> {
    const api = await LuaApi.initialize();
    return new LuaVm(api.module);
  }

  close(): void {
    this.c.lua_close(this.main);
  }

  memoryBytes(): number {
    return this.#exports.HEAPU8.byteLength;
  }

  /** The wasm memory; looked up each time, because it is another buffer after it has grown. */
  #bytes(): Buffer<ArrayBuffer> {
    const { buffer } = this.#exports.HEAPU8;
    if (this.#memory.buffer !== buffer) this.#memory = Buffer.from(buffer);
    return this.#memory;
  }

  /** Copies a string into memory that the next call reuses; returns where. */
  #write(text: ByteString): number {
    if (text.length > this.#scratchBytes) {
      this.c.free(this.#scratch);
      this.#scratchBytes = text.length * 2;
      this.#scratch = this.c.malloc(this.#scratchBytes);
    }
    this.#bytes().write(text, this.#scratch, text.length, "latin1");
    return this.#scratch;
  }

  pushBytes(state: LuaState, text: ByteString): void {
    this.c.lua_pushlstring(state, this.#write(text), text.length);
  }

  /** The bytes of a string. A number in that place is turned into a string, as Lua does. */
  readBytes(state: LuaState, index: number): ByteString {
    const pointer = this.c.lua_tolstring(state, index, this.#sizeCell);
    const size = this.#exports.HEAPU32[this.#sizeCell >> 2] ?? 0;
    return this.#bytes().toString("latin1", pointer, pointer + size);
  }

  pushFunction(callback: (state: LuaState) => number): void {
    this.c.lua_pushcclosure(this.main, this.#exports.addFunction(callback, "ii"), 0);
  }

  /** Compiles a chunk onto the stack; on a syntax error the message lies there, and false. */
  load(source: ByteString, name: string): boolean {
    const namePointer = this.c.malloc(name.length + 1);
    this.#bytes().write(`${name}\0`, namePointer, "latin1");
    const status = this.c.luaL_loadbuffer(
      this.main,
      this.#write(source),
      source.length,
      namePointer,
    );
    this.c.free(namePointer);
    return status === 0;
  }

  /** Makes the value on top of the stack the table that all chunks see as their globals. */
  replaceGlobals(): void {
    this.c.lua_replace(this.main, GLOBALS);
  }

  pop(state: LuaState, count: number): void {
    this.c.lua_settop(state, -count - 1);
  }
}

/** Bound once: the exports of emscripten are plain functions, and calls of them are hot. */
function withoutUnderscores(exported: LuaExports): LuaFunctions {
  const named = Object.entries(exported).filter(([name]) => name.startsWith("_"));
  const functions: unknown = Object.fromEntries(
    named.map(([name, value]): [string, unknown] => [name.slice(1), value]),
  );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the package types no exports
  return functions as LuaFunctions;
}
