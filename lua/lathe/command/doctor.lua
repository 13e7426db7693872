-- lathe doctor: what this machine has and lacks.

-- Bytes of memory: all, and what is free to use. Nothing where the system does not tell.
local function memory()
  local found = {}
  local file = io.open("/proc/meminfo", "rb")
  if file then
    for line in file:lines() do
      local name, size = line:match "^(%w+):%s+(%d+) kB"
      if name then found[name] = tonumber(size) * 1024 end
    end
    file:close()
  end
  return found.MemTotal, found.MemAvailable
end

local function locale()
  for _, name in ipairs { "LC_ALL", "LC_CTYPE", "LANG" } do
    local value = os.getenv(name)
    if value and value ~= "" then return value end
  end
  return "C"
end

-- Whether that locale is there and is UTF-8.
local function utf8()
  local ffi = require "ffi"
  ffi.cdef "char *setlocale(int, const char *); char *nl_langinfo(int);"
  local LC_CTYPE, CODESET = 0, 14
  if ffi.os ~= "Linux" then return locale():lower():find "utf%-?8" ~= nil end
  if ffi.C.setlocale(LC_CTYPE, "") == nil then return false end
  local set = ffi.string(ffi.C.nl_langinfo(CODESET))
  ffi.C.setlocale(LC_CTYPE, "C")
  return set == "UTF-8"
end

local function libraries()
  local core, ffi = require "lathe.core", require "ffi"
  local rows = {}
  for which = 0, tonumber(core.C.LATHE_LIBRARY_COUNT) - 1 do
    local there = core.C.lathe_library_open(which, core.problem)
    rows[#rows + 1] = {
      name = ffi.string(core.C.lathe_library_name(which)),
      purpose = ffi.string(core.C.lathe_library_purpose(which)),
      package = ffi.string(core.C.lathe_library_package(which)),
      mend = "apt install " .. ffi.string(core.C.lathe_library_package(which)),
      optional = which == tonumber(core.C.LATHE_LIBRARY_ODBC) or which == tonumber(core.C.LATHE_LIBRARY_SODIUM),
      file = there and ffi.string(core.C.lathe_library_file(which)) or nil,
      found = there,
    }
  end
  local duckdb = require("lathe.duckdb").found()
  rows[#rows + 1] = {
    name = "DuckDB", purpose = "keeps Parquet, asks in SQL", optional = true, mend = "lathe help formats",
    file = duckdb and ("%s, %s"):format(duckdb.version, duckdb.path), found = duckdb ~= nil,
  }
  return rows
end

-- Whether files can be made in this folder: tried, because permissions do not tell all.
local function writable()
  local path = (".lathe-doctor-%d"):format(os.time())
  local file = io.open(path, "wb")
  if not file then return false end
  file:close()
  os.remove(path)
  return true
end

-- A path without links and dots.
local function real(path) return require("lathe.project").real(path) or path end

-- What LUA_PATH to set so that plain luajit finds lathe: its files, and in a tree that was built those that the build made.
local function lua_path()
  local root = real(require("lathe.place").lua):gsub("/lathe$", "")
  local made = real(package.searchpath("lathe.cdef", package.path)):gsub("/lathe/cdef%.lua$", "")
  local entries = { root .. "/?.lua", root .. "/?/init.lua" }
  if made ~= root then table.insert(entries, 1, made .. "/?.lua") end
  return table.concat(entries, ";") .. ";;"
end

local function look()
  local style, place = require "lathe.style", require "lathe.place"
  local total, free = memory()
  local found = {
    version = require("lathe").version,
    program = rawget(_G, "LATHE_PROGRAM"),
    luajit = jit.version,
    lua = real(place.lua),
    share = real(place.share),
    threads = require("lathe.threads").get(),
    memory = total,
    memory_free = free,
    terminal = style.terminal(io.stdin) and style.terminal(io.stdout),
    terminal_name = os.getenv "TERM",
    colours = style.colour(io.stdout) and ((os.getenv "TERM" or ""):find "256color" and 256 or 8) or 0,
    locale = locale(),
    utf8 = utf8(),
    libraries = libraries(),
    folder_writable = writable(),
    lua_path = lua_path(),
    plugin_problems = {},
  }
  local plugin = require "lathe.plugin"
  plugin.load_all()
  for index, problem in ipairs(plugin.problems()) do found.plugin_problems[index] = problem.sentence end
  found.healthy = found.folder_writable and #found.plugin_problems == 0
  for _, library in ipairs(found.libraries) do found.healthy = found.healthy and (library.found or library.optional) end
  return found
end

local function make_report(found)
  local style = require "lathe.style"
  local report = require("lathe.report").new "lathe doctor"
  report:values {
    { "lathe", found.version, found.program or "in plain luajit" },
    { "Lua", found.luajit },
    { "files", found.lua },
    { "shared", found.share },
    { "threads", tostring(found.threads) },
    { "memory", found.memory and style.bytes(found.memory) or nil, found.memory_free and style.bytes(found.memory_free) .. " free" },
    { "terminal", found.terminal and (found.terminal_name or "no TERM") or "none",
      found.colours > 0 and found.colours .. " colours" or "no colours" },
    { "locale", found.locale, found.utf8 and "UTF-8" or "not UTF-8" },
  }
  local rows = {}
  for index, library in ipairs(found.libraries) do
    local lost = library.optional and "not here" or "missing"
    rows[index] = { library.found and "✓" or library.optional and "·" or "✗", library.name, library.purpose,
      library.found and library.file or ("%s; %s"):format(lost, library.mend) }
  end
  report:heading "Libraries, each opened when it is first needed"
  report:table { columns = { "", "library", "what it does", "found as" }, rows = rows }
  for _, library in ipairs(found.libraries) do
    if not library.found and not library.optional then
      report:alert { level = "error", text = ("%s is missing: nothing here %s"):format(library.name, library.purpose), step = library.mend }
    end
  end
  for _, problem in ipairs(found.plugin_problems) do report:alert { level = "error", text = problem } end
  if not found.folder_writable then
    report:alert { level = "error", text = "this folder cannot be written to, so runs cannot be kept here: work in another one" }
  end
  if not found.utf8 then
    report:alert { text = ("the locale %s is not UTF-8, so the screen draws plainly"):format(found.locale),
      step = "export LC_ALL=C.UTF-8" }
  end
  if found.healthy then report:text "Nothing that lathe needs is missing." end
  return report
end

local function run(_, options)
  local found = look()
  if options.json then
    local json = require "lathe.json"
    found.plugin_problems = json.array(found.plugin_problems)
    print(json.encode(found, { indent = 2 }))
  else
    local style = require "lathe.style"
    io.stdout:write(make_report(found):render { width = style.columns(io.stdout), colour = style.colour(io.stdout) })
    print(("\nFor plain luajit:\nexport LUA_PATH='%s'"):format(found.lua_path)) -- never wrapped, so that it can be copied
  end
  return found.healthy and 0 or 1
end

return {
  name = "doctor",
  doc = "What this machine has and lacks.",
  usage = "lathe doctor [--json]",
  arguments = {},
  options = { { name = "json", doc = "the same as JSON" } },
  detail = "The exit status is 1 when something that lathe needs is missing.",
  run = run,
}
