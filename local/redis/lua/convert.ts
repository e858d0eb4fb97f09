import { RedisError, StatusReply } from "../reply.ts";
import type { Reply } from "../reply.ts";
import { LUA_TYPE } from "./vm.ts";
import type { LuaState, LuaVm } from "./vm.ts";

/** Slots a level of a nested value needs on Lua's stack. */
const SLOTS_PER_LEVEL = 6;
const INT64_LIMIT = 2 ** 63;
/** What a C cast of a double outside 64 bits yields on x86. */
const INT64_OVERFLOW = -9_223_372_036_854_775_808n;

/**
 * Pushes a reply as a script sees it: null is false, a status {ok=}, an error {err=}.
 * @see https://redis.io/docs/latest/develop/programmability/lua-api/#redis-to-lua-type-conversion
 */
export function pushReply(vm: LuaVm, state: LuaState, reply: Reply): void {
  vm.c.lua_checkstack(state, SLOTS_PER_LEVEL);
  if (reply === null) vm.c.lua_pushboolean(state, 0);
  else if (typeof reply === "string") vm.pushBytes(state, reply);
  else if (typeof reply === "number") vm.c.lua_pushnumber(state, reply);
  else if (typeof reply === "bigint") vm.c.lua_pushnumber(state, Number(reply));
  else if (reply instanceof StatusReply) pushField(vm, state, "ok", reply.text);
  else if (reply instanceof RedisError) pushField(vm, state, "err", reply.message);
  else {
    vm.c.lua_createtable(state, reply.length, 0);
    for (const [at, item] of reply.entries()) {
      pushReply(vm, state, item);
      vm.c.lua_rawseti(state, -2, at + 1);
    }
  }
}

function pushField(vm: LuaVm, state: LuaState, name: string, text: string): void {
  vm.c.lua_createtable(state, 0, 1);
  vm.pushBytes(state, name);
  vm.pushBytes(state, text);
  vm.c.lua_rawset(state, -3);
}

/**
 * Reads what a script returned: numbers lose their fraction, true is 1, false and nil are null,
 * a table ends at its first nil, {ok=} is a status and {err=} an error.
 * @see https://redis.io/docs/latest/develop/programmability/lua-api/#lua-to-redis-type-conversion
 */
export function readReply(vm: LuaVm, state: LuaState, index: number): Reply {
  switch (vm.c.lua_type(state, index)) {
    case LUA_TYPE.boolean:
      return vm.c.lua_toboolean(state, index) === 1 ? 1 : null;
    case LUA_TYPE.number:
      return truncate(vm.c.lua_tonumber(state, index));
    case LUA_TYPE.string:
      return vm.readBytes(state, index);
    case LUA_TYPE.table:
      return readTable(vm, state);
    default:
      return null;
  }
}

/** Reads the table on top of the stack. */
function readTable(vm: LuaVm, state: LuaState): Reply {
  // A table that holds itself ends here, not in JavaScript's stack.
  if (vm.c.lua_gettop(state) > MAX_STACK || vm.c.lua_checkstack(state, SLOTS_PER_LEVEL) === 0) {
    return new RedisError("ERR reached lua stack limit");
  }
  const error = readField(vm, state, "err");
  if (error !== null) return new RedisError(error);
  const status = readField(vm, state, "ok");
  if (status !== null) return new StatusReply(status);
  const list: Reply[] = [];
  for (let at = 1; ; at += 1) {
    vm.c.lua_rawgeti(state, -1, at);
    if (vm.c.lua_type(state, -1) === LUA_TYPE.nil) break;
    list.push(readReply(vm, state, -1));
    vm.pop(state, 1);
  }
  vm.pop(state, 1);
  return list;
}

const MAX_STACK = 1000;

function readField(vm: LuaVm, state: LuaState, name: string): string | null {
  vm.pushBytes(state, name);
  vm.c.lua_rawget(state, -2);
  const text = vm.c.lua_type(state, -1) === LUA_TYPE.string ? vm.readBytes(state, -1) : null;
  vm.pop(state, 1);
  return text;
}

function truncate(value: number): number | bigint {
  if (Number.isSafeInteger(value)) return value;
  if (Number.isNaN(value) || Math.abs(value) >= INT64_LIMIT) return INT64_OVERFLOW;
  const whole = Math.trunc(value);
  if (Number.isSafeInteger(whole)) return whole === 0 ? 0 : whole;
  return BigInt(whole);
}
