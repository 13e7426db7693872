-- A TAP producer for tests in Lua: one sentence for each check that says what holds, and lines that tell more when it does not.
local tap = { count = 0, failed = 0 }

function tap.ok(holds, sentence, ...)
  tap.count = tap.count + 1
  if not holds then tap.failed = tap.failed + 1 end
  print((holds and "ok " or "not ok ") .. tap.count .. " - " .. sentence)
  if holds then return holds end
  for _, line in ipairs { ... } do print("# " .. tostring(line):gsub("\n", "\n# ")) end
  return holds
end

local function show(value)
  if type(value) == "string" then return string.format("%q", value) end
  if type(value) ~= "table" then return tostring(value) end
  local parts, keys = {}, {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  for _, key in ipairs(keys) do parts[#parts + 1] = tostring(key) .. " = " .. show(value[key]) end
  return "{ " .. table.concat(parts, ", ") .. " }"
end

-- Equal, tables by content.
function tap.same(got, want, sentence)
  local holds = show(got) == show(want)
  if holds then return tap.ok(true, sentence) end
  return tap.ok(false, sentence, "got:  " .. show(got), "want: " .. show(want))
end

-- `run` raises an error in which `pattern` (plain text) stands.
function tap.raises(run, pattern, sentence)
  local fine, problem = pcall(run)
  problem = tostring(problem)
  if not fine and problem:find(pattern, 1, true) then return tap.ok(true, sentence) end
  return tap.ok(false, sentence, fine and "no error was raised" or ("got:  " .. problem), "want: ..." .. pattern .. "...")
end

function tap.skip(sentence, reason)
  tap.count = tap.count + 1
  print("ok " .. tap.count .. " - " .. sentence .. " # SKIP " .. reason)
end

-- The bytes of a file.
function tap.read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

-- A folder of its own, that the test removes.
function tap.folder()
  local folder = os.tmpname()
  os.remove(folder)
  os.execute("mkdir " .. folder)
  return folder
end

function tap.done()
  print("1.." .. tap.count)
  os.exit(tap.failed == 0 and 0 or 1)
end

return tap
