-- A flow over people, and everything that it writes: bundles, ONNX, reports in every format, journals, records, logs, lists of what was
-- left out. No value of a personal column is in any of it; the tables themselves are kept, closed to others.
local tap = require "tap"
local lathe = require "lathe"

local folder = os.tmpname()
os.remove(folder)
os.execute(("mkdir -p '%s/out'"):format(folder))

local function shell(command)
  local pipe = assert(io.popen(command .. " 2>&1"))
  local text = pipe:read "*a"
  pipe:close()
  return text
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

local function write(name, text)
  local file = assert(io.open(folder .. "/" .. name, "wb"))
  file:write(text)
  file:close()
  return folder .. "/" .. name
end

-- ---- people ----

local function identity(row)
  local digits, sum = ("110105%04d%02d%02d%03d"):format(1950 + row % 50, 1 + row % 12, 1 + row % 28, row), 0
  for at, weight in ipairs { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 } do sum = sum + weight * digits:sub(at, at) end
  return digits .. ("10X98765432"):sub(sum % 11 + 1, sum % 11 + 1)
end

local function card(row)
  local digits, sum = ("41111%010d"):format(row * 7654321), 0
  for at = 1, 15 do
    local digit = tonumber(digits:sub(at, at)) * (at % 2 == 1 and 2 or 1)
    sum = sum + (digit > 9 and digit - 9 or digit)
  end
  return digits .. (10 - sum % 10) % 10
end

local letters = { "qua", "zor", "vex", "wim", "jol", "kyb", "fux", "gry" }
local function surname(row)
  return "X" .. letters[1 + row % 8] .. letters[1 + math.floor(row / 8) % 8] .. letters[1 + math.floor(row / 64) % 8]
end
local han = { "嬴", "翦", "瓒", "珩", "旻", "彧", "祎", "劭" }
local function chinese(row) return han[1 + row % 8] .. han[1 + math.floor(row / 8) % 8] .. han[1 + math.floor(row / 64) % 8] end

local names = { "surname", "姓名", "contact", "tel", "reach", "identity", "ssn", "card", "address", "age", "town", "day", "note", "sold",
  "price" }
local COUNT, PERSONAL = 320, 9
local secrets, lines = {}, { table.concat(names, ",") }
local function person(row)
  return {
    surname(row), chinese(row),
    row % 4 == 0 and ("write qz%dqx at example dot org"):format(row) or ("qz%dqx@example.org"):format(row), -- a quarter is not of the form
    row % 9 == 0 and "" or ("%d"):format(13800000000 + row * 777777), "+49 30 77" .. 10000 + row * 13, identity(row),
    ("%03d-%02d-%04d"):format(100 + row, 10 + row % 80, 1000 + row), card(row), ("%d Zzyx%s Road"):format(row, letters[1 + row % 8]),
  }
end
for row = 1, COUNT do
  local one = person(row)
  for at = 1, PERSONAL do
    if one[at] ~= "" then secrets[#secrets + 1] = one[at] end
  end
  for _, value in ipairs { 20 + row % 50, ({ "Ulm", "Bonn", "Kiel" })[1 + row % 3], ("2024-%02d-%02d"):format(1 + row % 12, 1 + row % 28),
    row % 2 == 0 and "quick and quiet" or "slow but mail qz" .. row .. "qx@example.org", row % 5 == 0 and "yes" or "no",
    100 + row % 50 * 7 + row * 37 % 101 } do
    one[#one + 1] = value
  end
  lines[row + 1] = table.concat(one, ",")
end
local path = write("people.csv", table.concat(lines, "\n") .. "\n")
-- Rows that cannot be read: too short, too long, a quote that is not closed.
local broken = { unpack(lines) }
table.insert(broken, 3, table.concat(person(7), ","))
table.insert(broken, 9, lines[20] .. ",more")
table.insert(broken, 12, '"' .. table.concat(person(11), '","') .. '",1,2')
local poor = write("poor.csv", table.concat(broken, "\n") .. "\n")
write("poor.jsonl", ('{"surname": "%s", "姓名": "%s", "tel": %s, "card": "%s", "age": 3}\n{"surname": "%s", "contact": "%s", "tel": }\n'
  .. '{"surname": "%s", "\\u59d3\\u540d": "%s"\n'):format(surname(1), chinese(1), 13800777777, card(1), surname(2), "qz2qx@example.org",
  surname(3), chinese(3)))
-- A contract by hand that the personal columns break.
local contract = { contract = 1, columns = {
  { name = "surname", type = "string", missing = false, values = { "Lee" } },
  { name = "contact", type = "string", missing = false, values = { "ann@example.com" } },
  { name = "tel", type = "int64", missing = true, least = 1, most = 10 },
  { name = "card", type = "int64", missing = false, most = 10 }, { name = "age", type = "int64", missing = false, most = 60 },
} }
write("hand.json", lathe.json.encode(contract))

-- 13,800,777,777 is the same number.
local function grouped(text)
  return (text:reverse():gsub("(%d%d%d)", "%1,"):reverse():gsub("^,", ""))
end
local looked_for = {}
for _, secret in ipairs(secrets) do
  looked_for[#looked_for + 1] = secret
  if secret:find "^%d+$" then looked_for[#looked_for + 1] = grouped(secret) end
end
local function leaked(text)
  for _, secret in ipairs(looked_for) do
    if text:find(secret, 1, true) then
      local at = text:find(secret, 1, true)
      return ("%s: ...%s..."):format(secret, text:sub(math.max(1, at - 60), at + #secret + 40))
    end
  end
end
local function clean(text, sentence)
  local found = leaked(text)
  return tap.ok(not found, sentence, found)
end
tap.ok(leaked(read(path)) and leaked(read(poor)) and leaked(read(folder .. "/poor.jsonl")), "the values that are looked for are found")

local found = {}
for _, row in lathe.read(path):personal():each() do found[#found + 1] = row.column end
tap.same(found, { "surname", "姓名", "contact", "tel", "reach", "identity", "ssn", "card", "address", "note" },
  "names, e-mails, phones, identity numbers, cards and addresses are found, and the text that has some inside")

-- ---- a flow ----

local personal = { unpack(names, 1, PERSONAL) }
local said = {}
local function flow(build)
  local made = lathe.flow "people"
  build(made)
  local fine, outcome = pcall(made.run, made, { project = folder .. "/out",
    observer = { log = function(text) said[#said + 1] = text end, node = function(_, _, note) said[#said + 1] = tostring(note) end } })
  said[#said + 1] = tostring(outcome) .. (fine and tostring(outcome.problem) or "")
  return fine and outcome.state == "done", said[#said]
end
local formats = { "html", "txt", "json" }
local function report(made, name, source)
  for _, format in ipairs(formats) do
    made[name .. "_" .. format] = made:step "export.report" { source, path = name .. "." .. format }
  end
end
local went, why = flow(function(made)
  made.raw = made:step "ingest.read" { path = poor, lenient = true, contract = folder .. "/hand.json" }
  made.rejects = made:step "export.table" { made.raw.rejects, path = "rejects.csv" }
  made.breaches = made:step "export.table" { made.raw.breaches, path = "breaches.csv" }
  made.json = made:step "ingest.read" { path = folder .. "/poor.jsonl", lenient = true }
  made.json_rejects = made:step "export.table" { made.json.rejects, path = "json_rejects.csv" }
  made.expected = made:step "look.contract" { made.raw.table, path = "good.json" }
  made.profile = made:step "look.profile" { made.raw.table, target = "price", charts = names }
  report(made, "profile", made.profile)
  made.other = made:step "shape.derive" { made.raw.table, name = "surname", expression = "concat(surname, ' jr')" }
  made.third = made:step "shape.derive" { made.other, name = "contact", expression = "upper(contact)" }
  made.fourth = made:step "shape.derive" { made.third, name = "card", expression = "card + 10" }
  made.compare = made:step "look.compare" { made.raw.table, made.fourth, examples = 8 }
  report(made, "compare", made.compare)
  made.keyed = made:step "look.compare" { made.raw.table, made.third, key = "card", examples = 8 }
  report(made, "keyed", made.keyed)
  made.personal = made:step "look.personal" { made.raw.table }
  made.personal_csv = made:step "export.table" { made.personal, path = "personal.csv" }
  made.missing = made:step "look.missing_patterns" { made.raw.table }
  made.missing_csv = made:step "export.table" { made.missing, path = "missing.csv" }
  made.parts = made:step "prepare.split" { made.raw.table, test = 0.25, stratify = "sold" }
  made.linear = made:step "train.linear" { made.parts.train, target = "price", drop = { "note", unpack(personal) },
    recipe = { { "impute", indicator = true }, { "date" }, { "encode", min_count = 2 }, "scale" } }
  made.text = made:step "train.logistic" { made.parts.train, target = "sold", drop = personal,
    recipe = { { "text", columns = { "note" } }, "date", "impute", "encode", "scale" } }
  made.boosting = made:step "train.boosting" { made.parts.train, target = "sold", drop = { "note", "day", unpack(personal) } }
  made.tree = made:step "train.tree" { made.parts.train, target = "price", drop = { "note", "day", unpack(personal) } }
  for name, node in pairs { linear = made.linear, text = made.text, boosting = made.boosting, tree = made.tree } do
    made["bundle_" .. name] = made:step "export.bundle" { node, path = name .. ".lathe" }
    local kind = (name == "linear" or name == "tree") and "regression" or "classification"
    made["score_" .. name] = made:step("evaluate." .. kind) { node, made.parts.test }
    report(made, "score_" .. name, made["score_" .. name])
    if name ~= "text" then made["onnx_" .. name] = made:step "export.onnx" { node, path = name .. ".onnx" } end
  end
end)
tap.ok(went, "the flow runs", why)
-- And flows that fail, each at a value.
for words, build in pairs {
  ["a cast of e-mails"] = function(made)
    made.raw = made:step "ingest.read" { path = path }
    made.cast = made:step "shape.cast" { made.raw.table, types = { contact = "int64" } }
  end,
  ["a cast of names"] = function(made)
    made.raw = made:step "ingest.read" { path = path }
    made.cast = made:step "shape.cast" { made.raw.table, types = { ["姓名"] = "date" } }
  end,
  ["a map of names"] = function(made)
    made.raw = made:step "ingest.read" { path = path }
    made.map = made:step "clean.map" { made.raw.table, column = "surname", values = { Lee = 1 } }
  end,
  ["a map of what is an e-mail mostly"] = function(made)
    made.raw = made:step "ingest.read" { path = path }
    made.filtered = made:step "shape.filter" { made.raw.table, where = "age < 30", may_drop = 0.9 }
    made.map = made:step "clean.map" { made.filtered, column = "contact", values = { Lee = 1 } }
  end,
  ["a row that is too short"] = function(made) made.raw = made:step "ingest.read" { path = poor } end,
  ["a type that does not fit"] = function(made)
    made.raw = made:step "ingest.read" { path = path, types = { ssn = "int64" } }
  end,
  ["a contract"] = function(made) made.raw = made:step "ingest.read" { path = path, contract = folder .. "/hand.json" } end,
  ["a feature"] = function(made)
    made.raw = made:step "ingest.read" { path = path }
    made.parts = made:step "prepare.split" { made.raw.table }
    made.model = made:step "train.linear" { made.parts.train, target = "price", features = { "contact", "age" } }
  end,
  ["a feature of numbers"] = function(made)
    made.raw = made:step "ingest.read" { path = path }
    made.float = made:step "shape.derive" { made.raw.table, name = "reached", expression = "tel * 1.0" }
    made.parts = made:step "prepare.split" { made.float }
    made.model = made:step "train.linear" { made.parts.train, target = "price", features = { "reached", "age" } }
  end,
  ["a stratified split by cards"] = function(made)
    made.raw = made:step "ingest.read" { path = path }
    made.parts = made:step "prepare.split" { made.raw.table, stratify = "card" }
  end,
} do
  local fine, sentence = flow(build)
  tap.ok(not fine and not leaked(sentence), words .. " fails without showing a value", leaked(sentence) or sentence)
end
clean(table.concat(said, "\n"), "what a run says on its way shows none")

-- ---- all that was written ----

local function files(where, pattern)
  local list = {}
  for line in shell(("find '%s' -type f %s | sort"):format(where, pattern or "")):gmatch "[^\n]+" do list[#list + 1] = line end
  return list
end
local count = 0
for _, file in ipairs(files(folder .. "/out", "! -path '*/.lathe/*'")) do
  count = count + 1
  local text = leaked(read(file))
  if text then tap.ok(false, file:match "[^/]+$" .. " shows no value", text) end
end
tap.ok(count > 30, "bundles, ONNX files, reports and lists are there to be looked through", count)
local tables, others, shown = 0, 0, {}
for _, file in ipairs(files(folder .. "/out/.lathe")) do
  local text = read(file)
  if text:sub(1, 4096):find("lathe.table", 1, true) then
    tables = tables + 1
  elseif not text:find("local function identity", 1, true) then -- this file is kept as that of the flow
    others = others + 1
    shown[#shown + 1] = leaked(text) and file .. ": " .. leaked(text)
  end
end
tap.ok(tables > 5 and others > 30 and #shown == 0, "nor do journals, records, kept reports and models", shown[1])
tap.same(shell(("find '%s/out/.lathe' -perm /077 ! -name format ! -name .gitignore | head -3"):format(folder)), "",
  "the tables that are kept can be read by nobody else")

-- ---- on the command line, and at an endpoint ----

local program = os.getenv "LATHE" or "lathe"
local printed = ""
for _, command in ipairs { "profile '" .. path .. "'", "profile --memory 1MB '" .. path .. "'", "compare '" .. path .. "' '" .. poor .. "'",
  "profile --json '" .. path .. "'", "runs", "models", "step clean.map '" .. path .. "' --column surname --values a=b",
  "step look.personal '" .. path .. "'" } do
  printed = printed .. shell(("cd '%s/out' && '%s' %s"):format(folder, program, command))
end
tap.ok(#printed > 5000 and not leaked(printed), "the command line shows none", leaked(printed) or printed:sub(1, 400))

local t = lathe.read(path)
local features = { "contact", "tel", "surname", "age" }
local model = lathe.fit(t:derive { { "contact", "'x'" }, { "tel", "age * 2" }, { "surname", "town" } },
  lathe.recipe { target = "price", features = features, impersonal = { "surname", "tel" } }:impute {}:encode {}, lathe.linear {})
local endpoint = lathe.serve { model, contract = folder .. "/hand.json" }
local answers = ""
for _, body in ipairs {
  '{"contact": "qz1qx@example.org", "tel": "qz2qx@example.org", "surname": "' .. surname(1) .. '", "age": 3}',
  '{"contact": "qz1qx@example.org", "tel": "' .. card(5) .. '", "surname": "' .. surname(1) .. '", "age": 3}',
  '{"contact": "qz1qx@example.org", "tel": 2, "surname": "' .. surname(1) .. '", "age": 3}',
  '{"contact": "ann@example.com", "tel": 13800777777, "surname": "Lee", "age": 3}',
  '{"contact": "ann@example.com", "tel": 2, "surname": "Lee", "age": "' .. identity(3) .. '"}',
} do
  local answer = lathe.http.request { url = endpoint:url() .. "/predict", body = body, headers = { ["Content-Type"] = "application/json" } }
  tap.ok(answer.status == 400, "a request that is wrong is refused", answer.status, answer.body)
  answers = answers .. answer.body
end
answers = answers .. lathe.http.request { url = endpoint:url() .. "/monitor" }.body
endpoint:stop()
clean(answers, "an endpoint's refusals and its monitor show none")
os.execute(("rm -rf '%s'"):format(folder))
tap.done()
