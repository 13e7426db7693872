-- The project folder: what was made, and what happened. `.lathe/` holds plain files (see store.h for its shape); any number of
-- processes may use one project at once, and two copies of a project are merged by copying the files of one into the other.
local ffi = require "ffi"
local core = require "lathe.core"
local C, problem = core.C, core.problem

local project = {}

local methods = {}
local meta = { __index = methods, __tostring = function(self) return "project " .. self.folder end }

-- JSON as one line that tells when it is torn: its last field is the hash of all that is before it.
local function seal(value)
  local body = require("lathe.json").encode(value):sub(1, -2)
  local digest = ffi.new "char[33]"
  C.lathe_hash_bytes(body, #body, digest)
  return body .. ',"check":"' .. ffi.string(digest) .. '"}\n'
end

-- The table that `seal` wrote, or nil when the text is not whole.
local function unseal(text)
  local body, check = text:match '^(.*),"check":"(%x+)"}%s*$'
  if not body then return nil end
  local digest = ffi.new "char[33]"
  C.lathe_hash_bytes(body, #body, digest)
  if ffi.string(digest) ~= check then return nil end
  local fine, value = pcall(require("lathe.json").decode, body .. "}")
  return fine and type(value) == "table" and value or nil
end

local function read_text(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read "*a"
  file:close()
  return text
end

-- Names in a folder, sorted; none when it is not there.
function project.list(path)
  local names = {}
  local list = C.lathe_folder_list(path, nil)
  if list == nil then return names end
  for index = 0, tonumber(C.lathe_folder_count(list)) - 1 do names[#names + 1] = ffi.string(C.lathe_folder_name(list, index)) end
  C.lathe_folder_free(list)
  return names
end

-- "file", "folder", "other", or nil when nothing is there; then its size and the time of its last change in nanoseconds.
function project.look(path)
  local state = ffi.new "lathe_path_state"
  local kind = C.lathe_path_look(path, state)
  if kind == C.LATHE_PATH_NONE then return nil end
  local name = kind == C.LATHE_PATH_FILE and "file" or kind == C.LATHE_PATH_FOLDER and "folder" or "other"
  return name, tonumber(state.size), tonumber(state.modified)
end

-- The absolute path without links, or nil when it does not exist.
function project.real(path)
  local real = C.lathe_path_real(path, nil)
  if real == nil then return nil end
  local text = ffi.string(real)
  C.lathe_path_free(real)
  return text
end

-- Open the project in `folder` (default: the current one). { make = true } makes it when it is not there; otherwise that raises.
function project.open(folder, options)
  folder = folder or "."
  if options and options.make then core.try(C.lathe_folder_make(folder, problem)) end
  local store = ffi.gc(core.try(C.lathe_store_open(folder, options and options.make or false, problem)), C.lathe_store_close)
  return setmetatable({ folder = folder, store = store, path = ffi.string(C.lathe_store_path(store)) }, meta)
end

-- Whether there is a project in `folder`.
function project.exists(folder) return project.look((folder or ".") .. "/.lathe/format") == "file" end

-- Give up the project's folder for files in the making now, instead of at some collection.
function methods:close()
  if self.store then C.lathe_store_close(ffi.gc(self.store, nil)) end
  self.store = nil
end

-- A path for a new file or folder that no other process uses; what is left there goes away with the project object.
function methods:staging(name)
  return ffi.string(core.try(C.lathe_store_staging(self.store, problem))) .. "/" .. name
end

-- Where the step with this key keeps how far it came, for a run after one that was killed.
function methods:checkpoint(key)
  core.try(C.lathe_folder_make_closed(self.path .. "/checkpoints", problem))
  return self.path .. "/checkpoints/" .. key
end

-- Keep bytes: their hash.
function methods:put(text)
  local hash = ffi.new "char[33]"
  core.try(C.lathe_store_put(self.store, text, #text, hash, problem))
  return ffi.string(hash)
end

-- Keep a copy of a file: its hash and its size in bytes.
function methods:put_file(path)
  local hash, size = ffi.new "char[33]", ffi.new "int64_t[1]"
  core.try(C.lathe_store_put_file(self.store, path, hash, size, problem))
  return ffi.string(hash), tonumber(size[0])
end

-- Keep a file and move it away: its hash and its size in bytes.
function methods:take_file(path)
  local hash, size = ffi.new "char[33]", ffi.new "int64_t[1]"
  core.try(C.lathe_store_take_file(self.store, path, hash, size, problem))
  return ffi.string(hash), tonumber(size[0])
end

-- Whether an object of that size is there. Its bytes are looked at when they are used.
function methods:has(hash, size) return type(hash) == "string" and C.lathe_store_has(self.store, hash, size or -1) end

-- Whether the object's bytes are what they were; a damaged one is removed. nil and a sentence when not.
function methods:check(hash)
  if C.lathe_store_check(self.store, hash, problem) then return true end
  return nil, ffi.string(problem.message)
end

-- Where an object lies.
function methods:object(hash) return ("%s/objects/%s/%s"):format(self.path, hash:sub(1, 2), hash:sub(3)) end

-- Write a copy of an object to `path`, whole or not at all. Raises when the object is not there or damaged.
function methods:restore(hash, path) core.try(C.lathe_store_restore(self.store, hash, path, problem)) end

local function write_sealed(self, name, value)
  local text = seal(value)
  core.try(C.lathe_store_write(self.store, name, text, #text, problem))
end

-- What the step call `key` gave, or nil when that is not known (or its file is torn).
function methods:step(key)
  local text = read_text(self.path .. "/steps/" .. key .. ".json")
  local entry = text and unseal(text)
  if entry and entry.key == key and type(entry.outputs) == "table" and type(entry.files) == "table" then return entry end
  return nil
end

-- Remember what it gave: { key =, outputs =, files =, ... }.
function methods:keep_step(key, entry) write_sealed(self, "steps/" .. key .. ".json", entry) end

-- What the server answered to the request `key` last: { url =, time =, etag =, modified =, type =, hash =, size = }; nil when that is not
-- known, torn, or its object is not there.
function methods:answer(key)
  local text = read_text(self.path .. "/http/" .. key .. ".json")
  local entry = text and unseal(text)
  if entry and entry.key == key and self:has(entry.hash, entry.size) then return entry end
  return nil
end

-- Remember it: { key =, hash =, size =, ... }.
function methods:keep_answer(key, entry)
  write_sealed(self, "http/" .. key .. ".json", entry)
end

-- Remember that the test rows of hash `rows` measured the model of hash `model`: how many models they have measured.
function methods:looked(rows, model)
  local folder = self.path .. "/looks/" .. rows
  core.try(C.lathe_folder_make_closed(folder, problem))
  if not project.look(folder .. "/" .. model) then
    core.try(C.lathe_store_write(self.store, ("looks/%s/%s"):format(rows, model), "", 0, problem))
  end
  return #project.list(folder)
end

-- Keep the bytes at a pointer: their hash.
function methods:put_bytes(data, size)
  local hash = ffi.new "char[33]"
  core.try(C.lathe_store_put(self.store, data, size, hash, problem))
  return ffi.string(hash)
end

local run_methods = {}
local run_meta = { __index = run_methods }

-- Begin a run: an object with `id`, run:event(table, sync) and run:finish(record).
function methods:begin_run()
  local handle = ffi.gc(core.try(C.lathe_store_run_begin(self.store, problem)), C.lathe_store_run_end)
  return setmetatable({ project = self, handle = handle, id = ffi.string(C.lathe_store_run_id(handle)) }, run_meta)
end

-- Append an event to the run's journal. With `sync` it and all before it is on the disk when this returns.
function run_methods:event(event, sync)
  event.time = C.lathe_clock_wall()
  local line = require("lathe.json").encode(event)
  core.try(C.lathe_store_run_event(self.handle, line, #line, sync or false, problem))
end

-- Write the run's record; it is over.
function run_methods:finish(record)
  write_sealed(self.project, "runs/" .. self.id .. "/record.json", record)
  C.lathe_store_run_end(ffi.gc(self.handle, nil))
  self.handle = nil
end

-- The events of a run's journal; a torn last line is left out.
function methods:journal(id)
  local json = require "lathe.json"
  local events = {}
  for line in (read_text(("%s/runs/%s/journal.jsonl"):format(self.path, id)) or ""):gmatch "([^\n]*)\n" do
    local fine, event = pcall(json.decode, line)
    if fine and type(event) == "table" then events[#events + 1] = event end
  end
  return events
end

-- What is known of a run that has no whole record: the same fields, from its journal.
local function record_from_journal(self, id)
  local record = { id = id, state = "interrupted", nodes = {}, reused = 0, seconds = 0 }
  local by_name = {}
  for _, event in ipairs(self:journal(id)) do
    if event.event == "begin" then
      record.flow, record.file, record.started, record.lathe = event.flow, event.file, event.time, event.lathe
      for index, node in ipairs(event.nodes or {}) do
        local entry = { name = node.name, step = node.step, state = "waiting", outputs = {}, files = {} }
        record.nodes[index], by_name[node.name] = entry, entry
      end
    elseif event.node and by_name[event.node] then
      local node = by_name[event.node]
      node.state = event.event == "start" and "interrupted" or event.event
      for _, field in ipairs { "note", "seconds", "outputs", "files", "problem", "key" } do
        if event[field] ~= nil then node[field] = event[field] end
      end
      if node.state == "cached" then record.reused = record.reused + 1 end
      record.seconds = event.time - (record.started or event.time)
    end
  end
  if C.lathe_store_run_alive(self.store, id) then record.state = "running" end
  return record
end

-- The record of the run `id`: { id =, flow =, state = "done" | "failed" | "interrupted" | "running", started =, seconds =, nodes =,
-- reused =, problem = }. nil when there is no such run.
function methods:run(id)
  if project.look(self.path .. "/runs/" .. id) ~= "folder" then return nil end
  local text = read_text(("%s/runs/%s/record.json"):format(self.path, id))
  return text and unseal(text) or record_from_journal(self, id)
end

-- All runs, the newest first. With `limit` only that many.
function methods:runs(limit)
  local names = project.list(self.path .. "/runs")
  local runs = {}
  for index = #names, 1, -1 do
    if limit and #runs >= limit then break end
    runs[#runs + 1] = self:run(names[index])
  end
  return runs
end

-- The run that `text` means: a whole id, a part that only one id holds, or "last". nil and a sentence when there is none.
function methods:find_run(text)
  local names = project.list(self.path .. "/runs")
  if #names == 0 then return nil, "nothing was run in this project yet" end
  if text == "last" then return self:run(names[#names]) end
  local found
  for _, name in ipairs(names) do
    if name == text then return self:run(name) end
    if name:find(text, 1, true) then
      if found then return nil, ("more than one run's id holds %q, %s and %s for two; give more of it"):format(text, found, name) end
      found = name
    end
  end
  if found then return self:run(found) end
  return nil, ("there is no run %q; `lathe runs` lists them"):format(text)
end

-- The models that runs made, the newest first, each once: { hash =, size =, note =, node =, step =, flow =, run =, started =,
-- metrics = { { node =, metrics = }, ... } of the reports made from it, files = { path, ... } written from it, path = }.
function methods:models()
  local models, by_hash = {}, {}
  for _, record in ipairs(self:runs()) do
    local fresh = {}
    for _, node in ipairs(record.nodes or {}) do
      for _, output in ipairs(node.outputs or {}) do
        if output.kind == "model" and output.hash and not by_hash[output.hash] and self:has(output.hash, output.size) then
          local model = {
            hash = output.hash, size = output.size, note = output.note, node = node.name, step = node.step, flow = record.flow,
            run = record.id, started = record.started, metrics = {}, files = {}, path = self:object(output.hash),
          }
          fresh[#fresh + 1], fresh[output.hash], by_hash[output.hash] = model, model, model
        end
      end
    end
    for _, node in ipairs(record.nodes or {}) do
      -- A node that makes a model beside its report reports on that one, any other on the one it takes.
      local made, taken
      for _, output in ipairs(node.outputs or {}) do made = made or output.kind == "model" and output.hash end
      for _, input in ipairs(node.inputs or {}) do taken = taken or fresh[input.hash or ""] and input.hash end
      local model = fresh[made or taken or ""]
      for _, output in ipairs(model and node.outputs or {}) do
        if output.metrics then model.metrics[#model.metrics + 1] = { node = node.name, metrics = output.metrics } end
      end
      local settled = not made and model and (node.state == "done" or node.state == "cached")
      for _, file in ipairs(settled and node.files or {}) do model.files[#model.files + 1] = file.path end
    end
    for index = #fresh, 1, -1 do models[#models + 1] = fresh[index] end
  end
  return models
end

-- Where the names of trusted folders are kept.
local function trust_file()
  local own = require("lathe.place").own "data"
  return own and own .. "/trusted"
end

-- Whether the user said that code in `folder` may run.
function project.trusted(folder)
  local real, path = project.real(folder), trust_file()
  for line in (path and read_text(path) or ""):gmatch "[^\n]+" do
    if line == real then return true end
  end
  return false
end

-- Remember that code in `folder` may run.
function project.trust(folder)
  local real = project.real(folder) or core.fail("there is no folder %s", folder)
  if project.trusted(folder) then return end
  local path = trust_file() or core.fail "HOME is not set, so there is no place to remember trust in; set it to your home folder"
  core.try(C.lathe_folder_make_closed(path:match "^(.*)/[^/]*$", problem))
  core.try(C.lathe_file_append(path, real .. "\n", #real + 1, problem))
end

return project
