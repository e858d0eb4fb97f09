/**
 * The Lua half of the scripting sandbox, run once when the VM is made.
 *
 * Globals: scripts get an empty table that looks everything up in `globals` and refuses writes,
 * so KEYS and ARGV can be swapped underneath while no script can leave anything behind for the
 * next one (the rule that makes a script's outcome depend on its arguments alone).
 * The list of what is reachable follows Redis 7.0's allow list, less `bit`, `cjson`, `cmsgpack`, `struct`.
 * @see https://redis.io/docs/latest/develop/programmability/lua-api/#sandbox-context-and-execution-model
 */
export const SANDBOX_SOURCE = String.raw`
local hostCall, hostProtectedCall, hostSha1, hostClock, timeLimitMs = ...
local type, tostring, error, rawset = type, tostring, error, rawset
local setmetatable, getmetatable = setmetatable, getmetatable
local pcall, loadstring, table_concat = pcall, loadstring, table.concat
local getinfo, sethook = debug.getinfo, debug.sethook
local protected = {}

local function readonly(contents, onMissing)
  local proxy = {}
  protected[proxy] = true
  return setmetatable(proxy, {
    __index = onMissing and setmetatable(contents, { __index = onMissing }) or contents,
    __newindex = function() error('Attempt to modify a readonly table', 2) end,
    __metatable = false,
  })
end

-- Redis's own pcall hands on the text of an error table, not the table.
local function plain(ok, first, ...)
  if not ok and type(first) == 'table' and type(first.err) == 'string' then
    return false, first.err
  end
  return ok, first, ...
end

local redis = {
  call = hostCall,
  pcall = hostProtectedCall,
  error_reply = function(text)
    if type(text) ~= 'string' then return { err = 'ERR wrong number or type of arguments' } end
    if text:sub(1, 1) == '-' then text = text:sub(2) end
    if not text:find(' ', 1, true) then text = 'ERR ' .. text end
    return { err = text }
  end,
  status_reply = function(text)
    if type(text) ~= 'string' then return { err = 'ERR wrong number or type of arguments' } end
    return { ok = text }
  end,
  sha1hex = hostSha1,
  log = function() end,
  replicate_commands = function() return true end,
  LOG_DEBUG = 0, LOG_VERBOSE = 1, LOG_NOTICE = 2, LOG_WARNING = 3,
}

local stringProxy = readonly(string)
getmetatable('').__index = stringProxy
local stringMeta = readonly({ __index = stringProxy })

-- Bytecode is refused: the VM does not verify it, so it could break out.
local function load_text(text, name)
  if type(text) ~= 'string' or text:byte(1) == 27 then return nil, 'only Lua text can be loaded' end
  return loadstring(text, name)
end

local globals = {
  assert = assert, error = error, ipairs = ipairs, next = next, pairs = pairs, rawequal = rawequal,
  rawget = rawget, select = select, tonumber = tonumber, tostring = tostring, type = type,
  unpack = unpack, _VERSION = _VERSION,
  collectgarbage = function() return collectgarbage('count') end,
  gcinfo = gcinfo,
  xpcall = xpcall,
  pcall = function(...) return plain(pcall(...)) end,
  rawset = function(target, key, value)
    if protected[target] then error('Attempt to modify a readonly table', 0) end
    return rawset(target, key, value)
  end,
  setmetatable = function(target, meta)
    if protected[target] then error('Attempt to modify a readonly table', 0) end
    return setmetatable(target, meta)
  end,
  getmetatable = function(value)
    if type(value) == 'string' then return stringMeta end
    return getmetatable(value)
  end,
  loadstring = load_text,
  load = function(reader, name)
    local pieces = {}
    for piece in reader do
      if piece == '' then break end
      pieces[#pieces + 1] = piece
    end
    return load_text(table_concat(pieces), name)
  end,
  string = stringProxy, table = readonly(table), math = readonly(math),
  coroutine = readonly(coroutine), redis = readonly(redis),
}
local environment = readonly(globals, function(_, name)
  error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
end)
rawset(globals, '_G', environment)

-- Turns what a script died of into one table: the words, and the line of the script.
local function onError(problem)
  local line = 0
  for level = 2, 200 do
    local info = getinfo(level, 'Sl')
    if not info then break end
    if info.source == '@user_script' then
      line = info.currentline
      break
    end
  end
  if type(problem) == 'table' and type(problem.err) == 'string' then
    return { err = problem.err, line = line }
  end
  return { err = 'ERR ' .. tostring(problem), line = line }
end

local startedAt = 0
sethook(function()
  if hostClock() - startedAt > timeLimitMs then
    error({ err = 'ERR Script ran longer than the ' .. timeLimitMs .. ' ms that the local stand-in allows' }, 0)
  end
end, '', 1000000)
local function begin() startedAt = hostClock() end

return environment, globals, onError, begin
`;
