import type { ByteString } from "../reply.ts";
import { LUA_TYPE } from "./vm.ts";
import type { LuaState, LuaVm } from "./vm.ts";

/** lua-cjson's defaults, which Redis leaves as they are. */
const MAX_DEPTH = 1000;
const SPARSE_SAFE_ITEMS = 10;
const SPARSE_RATIO = 2;

/** Quotes, slashes, DEL, and what lies below the space. */
const ESCAPED = /[^ !#-.0-[\]-~\u0080-\u00FF]/;
const ESCAPED_ALL = /[^ !#-.0-[\]-~\u0080-\u00FF]/g;
const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', String.raw`\"`],
  ["\\", String.raw`\\`],
  ["/", String.raw`\/`],
  ["\b", String.raw`\b`],
  ["\t", String.raw`\t`],
  ["\n", String.raw`\n`],
  ["\f", String.raw`\f`],
  ["\r", String.raw`\r`],
]);

/** Why a value has no JSON form, in lua-cjson's words. */
export class JsonError extends Error {
  override readonly name = "JsonError";
}

/**
 * `cjson.encode` of the value on top of the stack, as lua-cjson writes it: an empty table is
 * `{}`, `/` is escaped, numbers have 14 digits, bytes above ASCII pass as they are.
 * @see https://github.com/mpx/lua-cjson (manual, "encode")
 */
export function encodeJson(vm: LuaVm, state: LuaState, depth = 0): ByteString {
  switch (vm.c.lua_type(state, -1)) {
    case LUA_TYPE.string:
      return quote(vm.readBytes(state, -1));
    case LUA_TYPE.number:
      return encodeNumber(vm, state, -1);
    case LUA_TYPE.boolean:
      return vm.c.lua_toboolean(state, -1) === 1 ? "true" : "false";
    case LUA_TYPE.nil:
      return "null";
    case LUA_TYPE.table:
      if (depth >= MAX_DEPTH) {
        throw new JsonError(`Cannot serialise, excessive nesting (${depth + 1})`);
      }
      vm.c.lua_checkstack(state, 4);
      return encodeTable(vm, state, depth + 1);
    case LUA_TYPE.lightUserdata:
      if (vm.c.lua_touserdata(state, -1) === 0) return "null";
  }
  throw new JsonError(`Cannot serialise ${vm.typeName(state, -1)}: type not supported`);
}

function encodeNumber(vm: LuaVm, state: LuaState, index: number): ByteString {
  if (!Number.isFinite(vm.c.lua_tonumber(state, index))) {
    throw new JsonError("Cannot serialise number: must not be NaN or Inf");
  }
  return vm.readNumber(state, index);
}

function encodeTable(vm: LuaVm, state: LuaState, depth: number): ByteString {
  const length = listLength(vm, state);
  const parts: ByteString[] = [];
  if (length > 0) {
    for (let at = 1; at <= length; at += 1) {
      vm.c.lua_rawgeti(state, -1, at);
      parts.push(encodeJson(vm, state, depth));
      vm.pop(state, 1);
    }
    return `[${parts.join(",")}]`;
  }
  vm.c.lua_pushnil(state);
  while (vm.c.lua_next(state, -2) !== 0) {
    const key = encodeKey(vm, state);
    parts.push(`${key}:${encodeJson(vm, state, depth)}`);
    vm.pop(state, 1);
  }
  return `{${parts.join(",")}}`;
}

/** The key below the top. It is read by its type: turning it into a string would stop lua_next. */
function encodeKey(vm: LuaVm, state: LuaState): ByteString {
  const type = vm.c.lua_type(state, -2);
  if (type === LUA_TYPE.string) return quote(vm.readBytes(state, -2));
  if (type === LUA_TYPE.number) return `"${encodeNumber(vm, state, -2)}"`;
  throw new JsonError(
    `Cannot serialise ${vm.typeName(state, -2)}: table key must be a number or string`,
  );
}

/** The length of a table that is a list, else 0. */
function listLength(vm: LuaVm, state: LuaState): number {
  let max = 0;
  let items = 0;
  vm.c.lua_pushnil(state);
  while (vm.c.lua_next(state, -2) !== 0) {
    const key = vm.c.lua_type(state, -2) === LUA_TYPE.number ? vm.c.lua_tonumber(state, -2) : 0;
    if (key < 1 || !Number.isInteger(key)) {
      vm.pop(state, 2);
      return 0;
    }
    max = Math.max(max, key);
    items += 1;
    vm.pop(state, 1);
  }
  if (max > items * SPARSE_RATIO && max > SPARSE_SAFE_ITEMS) {
    throw new JsonError("Cannot serialise table: excessively sparse array");
  }
  return max;
}

function quote(bytes: ByteString): ByteString {
  if (!ESCAPED.test(bytes)) return `"${bytes}"`;
  const escaped = bytes.replace(
    ESCAPED_ALL,
    (char) =>
      SHORT_ESCAPES.get(char) ?? `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
  return `"${escaped}"`;
}

const UNICODE_ESCAPES = /\\u(d[89ab][\da-f]{2})\\u(d[c-f][\da-f]{2})|\\u([\da-f]{4})|\\./gi;

/**
 * `cjson.decode`: pushes the value. JSON.parse does the parsing, on bytes: escapes above ASCII
 * are turned into their UTF-8 bytes first, so that bytes that are no valid UTF-8 pass unchanged.
 */
export function decodeJson(vm: LuaVm, state: LuaState, bytes: ByteString): void {
  const text = bytes.includes(String.raw`\u`)
    ? bytes.replace(UNICODE_ESCAPES, expandEscape)
    : bytes;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new JsonError(describeFailure(text, error));
  }
  pushJson(vm, state, value, 0);
}

function expandEscape(whole: string, high?: string, low?: string, single?: string): string {
  const units = [high, low, single].filter((hex) => hex !== undefined);
  if (units.length === 0) return whole;
  const char = String.fromCodePoint(...units.map((hex) => Number.parseInt(hex, 16)));
  // Quotes, backslashes and control characters must stay escaped for JSON.parse.
  return char < "\u0080" ? whole : Buffer.from(char, "utf8").toString("latin1");
}

/** Near to lua-cjson's words: the same opening and place, not always the same name of the token. */
function describeFailure(text: string, error: unknown): string {
  const message = error instanceof Error ? error.message : "";
  const place = /position (\d+)/.exec(message)?.[1];
  const at =
    place === undefined ? (message.includes("end of JSON") ? text.length : 0) : Number(place);
  const found = at >= text.length ? "T_END" : "invalid token";
  return `Expected value but found ${found} at character ${at + 1}`;
}

function pushJson(vm: LuaVm, state: LuaState, value: unknown, depth: number): void {
  if (depth > MAX_DEPTH) throw new JsonError(`Found too many nested data structures (${depth})`);
  vm.c.lua_checkstack(state, 4);
  if (typeof value === "string") vm.pushBytes(state, value);
  else if (typeof value === "number") vm.c.lua_pushnumber(state, value);
  else if (typeof value === "boolean") vm.c.lua_pushboolean(state, value ? 1 : 0);
  else if (Array.isArray(value)) {
    vm.c.lua_createtable(state, value.length, 0);
    for (const [at, item] of value.entries()) {
      pushJson(vm, state, item, depth + 1);
      vm.c.lua_rawseti(state, -2, at + 1);
    }
  } else if (typeof value === "object" && value !== null) {
    vm.c.lua_createtable(state, 0, 0);
    for (const [name, item] of Object.entries(value)) {
      vm.pushBytes(state, name);
      pushJson(vm, state, item, depth + 1);
      vm.c.lua_rawset(state, -3);
    }
  } else {
    // cjson.null is the light userdata NULL: nil could not stand in a table.
    vm.c.lua_pushlightuserdata(state, 0);
  }
}
