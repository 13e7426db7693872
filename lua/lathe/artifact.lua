-- Artifacts: what steps take and give. Tables and models are kept as safetensors files, reports as JSON; an endpoint is live and
-- never kept.
local core = require "lathe.core"

local artifact = {}

-- The kind of an artifact: "table", "model", "report" or "endpoint"; nil for anything else.
function artifact.kind(value)
  if type(value) ~= "table" then return nil end
  local report = package.loaded["lathe.report"]
  if report and report.is(value) then return "report" end
  local fine, noun = pcall(function() return value.noun end)
  if fine and (noun == "table" or noun == "model" or noun == "endpoint") then return noun end
  return nil
end

-- A few words about it ("20,640 rows").
function artifact.note(value)
  local fine, note = pcall(function() return value:note() end)
  return fine and type(note) == "string" and note or nil
end

-- Keep `value` in `project`: { kind =, hash =, size =, note =, metrics = }. An endpoint gets no hash.
function artifact.save(project, value, number)
  local kind = artifact.kind(value)
  local kept = { kind = kind, note = artifact.note(value) }
  if kind == "report" then
    local text = require("lathe.json").encode(value:data())
    kept.hash, kept.size = project:put(text), #text
    if value.metrics and next(value.metrics) then kept.metrics = value.metrics end
  elseif kind ~= "endpoint" then
    local path = project:staging(number .. (kind == "table" and ".safetensors" or ".lathe"))
    -- Looks of this flow are no part of the table, or its hash would depend on what ran before: the project counts them.
    local sealed = kind == "table" and require("lathe.seal").of(value)
    value:save(path, sealed and sealed.before or nil)
    kept.hash, kept.size = project:take_file(path)
  end
  return kept
end

-- The artifact that `kept` says, read from `project`. nil and a sentence when its file is gone or damaged.
function artifact.load(project, kept)
  if not kept.hash then return nil, "a live " .. kept.kind .. " is not kept" end
  local whole, problem = project:check(kept.hash)
  if not whole then return nil, problem end
  local path = project:object(kept.hash)
  local fine, value = pcall(function()
    if kept.kind == "table" then return require("lathe.table").load(path) end
    if kept.kind == "model" then return require("lathe.model").open(path) end
    local file = io.open(path, "rb") or core.fail("cannot read %s", path)
    local text = file:read "*a"
    file:close()
    return require("lathe.report").from(require("lathe.json").decode(text, path))
  end)
  if fine then return value end
  return nil, tostring(value)
end

return artifact
