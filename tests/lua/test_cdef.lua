-- The declarations that LuaJIT reads and the headers that C reads are one thing: sizes, offsets and values are the same on both sides.
local tap = require "tap"
local ffi = require "ffi"
local core = require "lathe.core"

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

local text = read(package.searchpath("lathe.cdef", package.path)):match "cdef %[==%[(.*)%]==%]"
tap.ok(text ~= nil, "the build made lathe/cdef.lua")

-- The names that the declarators of a field declare: "const char *a, b[4]" gives a, b.
local function declared(field)
  local names = {}
  for part in (field:gsub("%[[^%]]*%]", "") .. ","):gmatch "(.-)," do
    names[#names + 1] = part:match "%(%s*%*%s*([%w_]+)%s*%)" or part:match "([%a_][%w_]*)%s*$"
  end
  return names
end

local structs, enums, written = {}, {}, 0
for _ in text:gmatch "struct%s+[%w_]*%s*{" do written = written + 1 end
for tag, body, name in text:gmatch "struct%s+([%w_]+)%s*(%b{})%s*([%w_]*)%s*;" do
  if name == "" then name = "struct " .. tag end
  local fields = {}
  for field in body:sub(2, -2):gmatch "([^;]+);" do
    for _, field_name in ipairs(declared(field)) do fields[#fields + 1] = field_name end
  end
  structs[#structs + 1] = { name = name, fields = fields }
end
for body in text:gmatch "enum%s*[%w_]*%s*(%b{})" do
  for entry in (body:sub(2, -2) .. ","):gmatch "(.-)," do
    enums[#enums + 1] = entry:match "^%s*([%a_][%w_]*)"
  end
end
tap.ok(#structs > 0 and #structs == written, "every struct of the headers is read by this test",
  ("%d of %d"):format(#structs, written))
tap.ok(#enums > 0, "enum values are read by this test")

local lines = { '#include "lathe.h"', "#include <stddef.h>", "#include <stdio.h>", "int main(void) {" }
local function ask(key, expression)
  key = key:gsub("^struct ", "")
  lines[#lines + 1] = ('  printf("%s %%lld\\n", (long long)(%s));'):format(key, expression)
end
for _, struct in ipairs(structs) do
  ask(struct.name, ("sizeof(%s)"):format(struct.name))
  for _, field in ipairs(struct.fields) do
    ask(struct.name .. "." .. field, ("offsetof(%s, %s)"):format(struct.name, field))
  end
end
for _, name in ipairs(enums) do ask(name, name) end
lines[#lines + 1] = "  return 0;\n}\n"

local base = os.tmpname()
local file = assert(io.open(base .. ".c", "wb"))
file:write(table.concat(lines, "\n"))
file:close()
local compiler = os.getenv "CC" or "cc"
local top = assert(os.getenv "LATHE_TOP", "LATHE_TOP is the source tree")
local built = os.execute(("%s -std=c17 -I'%s/src' -o '%s.out' '%s.c'"):format(compiler, top, base, base))
tap.ok(built == 0 or built == true, "a C program that includes lathe.h compiles")

local c_side = {}
local pipe = io.popen(("'%s.out'"):format(base))
for line in pipe:lines() do
  local key, value = line:match "^(%S+) (%S+)$"
  c_side[key] = tonumber(value)
end
pipe:close()
for _, ending in ipairs { "", ".c", ".out" } do os.remove(base .. ending) end

for _, struct in ipairs(structs) do
  local key = struct.name:gsub("^struct ", "")
  local lua_side, want = { size = ffi.sizeof(struct.name) }, { size = c_side[key] }
  for _, field in ipairs(struct.fields) do
    lua_side[field] = ffi.offsetof(struct.name, field)
    want[field] = c_side[key .. "." .. field]
  end
  tap.same(lua_side, want, ("%s: size and %d offsets are the same in C and in Lua"):format(struct.name, #struct.fields))
end

local differing = {}
for _, name in ipairs(enums) do
  if tonumber(core.C[name]) ~= c_side[name] then differing[#differing + 1] = name end
end
tap.same(differing, {}, ("%d enum values are the same in C and in Lua"):format(#enums))

local absent, functions = {}, 0
for name in text:gsub("%b{}", ""):gmatch "(lathe_[%w_]+)%s*%(" do
  functions = functions + 1
  if not pcall(function() return core.C[name] end) then absent[#absent + 1] = name end
end
tap.same(absent, {}, ("each of the %d functions that the headers declare is in liblathe"):format(functions))

local luajit = io.popen "command -v luajit"
local there = luajit:read "*l"
luajit:close()
if (os.getenv "SANITIZE_FLAGS" or "") ~= "" then
  tap.skip('require "lathe" works in plain luajit', "a library built with sanitizers wants a program built with them")
elseif there then
  local code = [[local lathe = require "lathe"; local C = require("lathe.core").C
    local random = lathe.random(42)
    print(lathe.version, C.lathe_threads_get() > 0, random:below(6) <= 6)]]
  pipe = io.popen(("luajit -e '%s' 2>&1"):format(code))
  local said = pipe:read "*a"
  pipe:close()
  tap.ok(said:match "^%d+%.%d+%.%d+\ttrue\ttrue\n$", 'require "lathe" works in plain luajit', said)
else
  tap.skip('require "lathe" works in plain luajit', "there is no luajit program here")
end

tap.done()
