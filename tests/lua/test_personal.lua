-- Data about people: found by form and by name, taken out, kept from models and reports.
local tap = require "tap"
local lathe = require "lathe"
local personal = require "lathe.personal"
local core = require "lathe.core"

local function kind(text) return core.C.lathe_text_personal(text, #text) end
local C = core.C
local forms = {
  EMAIL = { "ann@example.org", "a.b+c@mail.example.co.uk", "用户@例子.公司", " ann@example.org " },
  PHONE = { "+49 30 123456", "(202) 555-0143", "202-555-0143", "1 202 555 0143", "13812345678", "+86 138 1234 5678" },
  IDENTITY = { "11010519491231002X", "440524188001010014", "078-05-1120" },
  CARD = { "4111 1111 1111 1111", "5500-0000-0000-0004", "378282246310005", "6011000990139424", "6222021234567890128" },
  ACCOUNT = { "DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", "FR1420041010050500013M02606" },
  NONE = { "", "ann", "ann@example", "@example.org", "a@b.1", "2024-01-31", "110105194912310021", "11010519491331002X", "000-12-3456",
    "666-12-3456", "4111 1111 1111 1112", "1234567890123456", "DE88 3704 0044 0532 0130 00", "2025550143", "12.5", "1.2.3.4", "120-45-90" },
}
for word, list in pairs(forms) do
  local wrong = {}
  for _, text in ipairs(list) do
    if kind(text) ~= C["LATHE_PERSONAL_" .. word] then wrong[#wrong + 1] = text end
  end
  tap.same(wrong, {}, "values by their form: " .. word:lower())
end
tap.same(personal.form "Ann Lee, 42: 北京", "xxx xxx, 99: xx", "a form tells nothing else")

local t = lathe.table {
  { "mail", { "ann@example.org", "bob@example.org", "eve@example.org", nil } }, { "Phone Number", { 2053258100, 2053258101, 2053258102,
    2 } },
  { "surname", { "Lee", "O'Hara", "Müller", "王" } }, { "姓名", { "王伟", "李娜", "张敏", "刘洋" } }, { "age", { 34, 38, 41, 38 } },
  { "zip", { "53113", "53115", "53115", "53115" } }, { "note", { "write to ann@example.org", "none", "card 4111111111111111", "x" } },
  { "street", { "1", "2", "3", "4" } }, { "code", { "a-1", "a-2", "a-1", "a-2" } },
}
t = t:cast { ["Phone Number"] = "int64" }
local found, rows = t:personal(), {}
for _, row in found:each() do rows[#rows + 1] = row.column .. ": " .. row.kind .. " by " .. row.told_by end
tap.same(rows, { "mail: e-mail addresses by values", "Phone Number: phone numbers by name", "surname: names of people by name",
  "姓名: names of people by name", "note: e-mail addresses by parts of values" }, "columns by their values and names")
tap.same({ found:row(1).form, found:row(1).share, found:row(5).inside }, { "xxx@xxxxxxx.xxx", 1, 2 }, "with the form of a value")

tap.same(t:mask("mail", { keep = 4 }):column("mail"):get(1), "***********.org", "mask keeps the end")
tap.ok(not t:mask("mail"):column("mail"):present(4), "what is missing stays so")
tap.raises(function() t:mask "age" end, 'mask is for texts, and "age" is float64', "numbers are not masked")
tap.same(t:generalise("age", { width = 10 }):column("age"):get(2), "[30, 40)", "numbers become ranges")
tap.same(t:generalise("zip", { keep = 3 }):column("zip"):get(1), "531*", "texts become shorter")
local day = lathe.table { { "d", { "2024-05-17" } } }:cast { d = "date" }
tap.same(day:generalise("d", { to = "month" }):column("d"):get(1), "2024-05-01", "days become months")
tap.raises(function() t:generalise("age", {}) end, "takes the width of their ranges", "and says what it takes")
local rare, told = t:generalise("age", { width = 10 }):anonymity({ "age", "zip" }, { k = 2 })
tap.same({ rare:rows(), told.k, told.rows }, { 2, 1, 2 }, "who stands alone is counted")

local key = os.tmpname()
local function write_key(text)
  local file = assert(io.open(key, "w"))
  file:write(text, "\n")
  file:close()
end
write_key "0123456789abcdef0123456789abcdef"
os.execute("chmod 600 " .. key)
local fine, named = pcall(t.pseudonymise, t, "mail", { key = key })
if fine then
  local again = lathe.table({ { "mail", { "bob@example.org" } } }):pseudonymise("mail", { key = key })
  tap.same({ again:column("mail"):get(1), #again:column("mail"):get(1) }, { named:column("mail"):get(2), 32 },
    "one key, one name for a value")
  tap.ok(not named:column("mail"):present(4), "what is missing has no name")
  local category = t:cast({ mail = "category" }):pseudonymise("mail", { key = key })
  tap.same({ category:type "mail", category:column("mail"):get(1) }, { "category", named:column("mail"):get(1) },
    "categories are named alike")
  write_key "0123456789abcdef0123456789abcdeX"
  tap.ok(t:pseudonymise("mail", { key = key }):column("mail"):get(1) ~= named:column("mail"):get(1), "another key, another name")
  write_key "short"
  tap.raises(function() t:pseudonymise("mail", { key = key }) end, "a key of 5 bytes, which can be guessed", "a short key is refused")
  os.execute("chmod 644 " .. key)
  tap.raises(function() t:pseudonymise("mail", { key = key }) end, key, "so is a key that others can read")
else
  tap.skip("pseudonyms: " .. tostring(named), "libsodium is not there")
end
os.remove(key)
tap.raises(function() t:pseudonymise "mail" end, "takes the file of a key", "a key has to be named")

-- What is personal reaches neither models nor reports.
local mails, target = {}, {}
for row = 1, 60 do mails[row], target[row] = ("user%d@example.org"):format(row % 7), row end
local people = lathe.table { { "contact", mails }, { "x", target }, { "y", target } }
local function fit(options)
  options.target = "y"
  return lathe.fit(people, lathe.recipe(options):encode {}, lathe.linear {})
end
tap.raises(function() fit {} end,
  '"contact" looks like e-mail addresses, which would stand in the model; leave it out (drop = { "contact" })',
  "a model refuses what looks personal")
tap.ok(fit { drop = { "contact" } }, "unless it is left out")
tap.ok(fit { impersonal = { "contact" } }, "or said to be nobody's")
tap.raises(function() fit { impersonal = { "kontact" } } end, "contact", "by its right name")
local report = people:profile()
local page = tostring(report) .. lathe.json.encode(report:data())
tap.ok(not page:find "user%d", "a report shows the form of it alone")
tap.ok(page:find("looks like e-mail addresses", 1, true), "and says what it is")
local _, problem = pcall(people.map, people, "contact", { x = "y" })
tap.ok(problem:find "xxxx9@" and not problem:find "user%d", "so does a message", problem)

-- Wherever a value could come out: made to come out, looked for.
local folder = os.tmpname()
os.remove(folder)
os.execute(("mkdir -p '%s'"):format(folder))
local function identity(row)
  local digits, sum = ("110105%04d%02d%02d%03d"):format(1950 + row % 50, 1 + row % 12, 1 + row % 28, row), 0
  for at, weight in ipairs { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 } do sum = sum + weight * digits:sub(at, at) end
  return digits .. ("10X98765432"):sub(sum % 11 + 1, sum % 11 + 1)
end
local secrets, lines = {}, { "surname,mail,tel,identity,age,y" }
for row = 1, 80 do
  local one = { ({ "Lovelace", "Hopper", "Turing", "Noether" })[1 + row % 4], ("user%d@example.org"):format(row),
    "138" .. 10000000 + row * 77777, identity(row), 20 + row % 50, row * 37 % 101 }
  for at = 1, 4 do secrets[#secrets + 1] = one[at] end
  lines[row + 1] = table.concat(one, ",")
end
local path = folder .. "/people.csv"
local file = assert(io.open(path, "w"))
file:write(table.concat(lines, "\n"), "\n")
file:close()
local function leaked(text)
  for _, secret in ipairs(secrets) do
    local grouped = secret:find "^138" and secret:sub(1, 2) .. "," .. secret:sub(3, 5) .. "," .. secret:sub(6, 8) .. "," .. secret:sub(9)
    if text:find(secret, 1, true) or (grouped and text:find(grouped, 1, true)) then return secret end
  end
end
local all = lathe.read(path)
local function message(words, run)
  local went, sentence = pcall(run)
  tap.ok(not went and not leaked(tostring(sentence)), words .. " does not show a value", sentence)
end
message("a cast", function() return all:cast { mail = "int64" } end)
message("a cast of names", function() return all:cast { surname = "date" } end)
message("an expression", function() return all:derive { z = 'cast(mail, "int64")' } end)
message("reading with types", function() return lathe.read(path, { types = { mail = "int64" } }) end)
message("reading JSON with types", function()
  all:write(folder .. "/people.jsonl")
  return lathe.read(folder .. "/people.jsonl", { types = { mail = "int64" } })
end)
message("reading short rows", function()
  local other = assert(io.open(folder .. "/short.csv", "w"))
  other:write "mail,a,b\nuser1@example.org,1,2\nuser2@example.org,3\n"
  other:close()
  return lathe.read(folder .. "/short.csv")
end)
message("a map", function() return all:map("surname", { a = "b" }) end)
message("a stratified split", function() return all:split { stratify = "mail" } end)
message("stratified folds", function() return all:folds { stratify = "tel" } end)
message("a target", function()
  return lathe.fit(all, lathe.recipe { target = "surname", features = { "age" } }, lathe.logistic {})
end)
message("a contract", function()
  local other = lathe.contract(all:with("mail", (all:column "mail")))
  local text = other:text()
  if leaked(text) then error(text, 0) end
  return all:drop("age"):expect(other)
end)
local changed = all:derive { tel = "tel + 1", surname = 'concat(surname, " jr")' }
for words, made in pairs {
  ["a profile"] = all:profile { charts = true, target = "y" }, ["a comparison"] = lathe.compare(all, changed),
  ["a profile in pieces"] = lathe.profile.file(path, { memory = "1MB", charts = true }),
} do
  local text = made:render { width = 120 } .. made:html() .. lathe.json.encode(made:data())
  tap.ok(not leaked(text), words .. " shows no value, in the terminal, on a page or as data", leaked(text))
end
local flow = lathe.flow "people"
flow.raw = flow:step "ingest.read" { path = path }
flow.look = flow:step "look.profile" { flow.raw }
flow.parts = flow:step "prepare.split" { flow.raw, test = 0.25 }
flow.model = flow:step "train.linear" { flow.parts.train, target = "y", drop = { "surname", "mail", "tel", "identity" } }
flow.wrong = flow:step "shape.cast" { flow.raw, types = { mail = "int64" } }
local said = {}
pcall(flow.run, flow, { project = folder .. "/project", observer = { log = function(text) said[#said + 1] = text end } })
local pipe = io.popen(("cd '%s/project' && find . -type f ! -name '*.safetensors' -exec cat {} + 2>/dev/null"):format(folder))
local kept = pipe:read "*a"
pipe:close()
local fine_model = lathe.fit(all, lathe.recipe { target = "y", drop = { "surname", "mail", "tel", "identity" } }, lathe.linear {})
fine_model:save(folder .. "/m.lathe")
local bundle = assert(io.open(folder .. "/m.lathe", "rb")):read "*a"
tap.ok(not leaked(bundle), "nor does a bundle")
tap.ok(not leaked(table.concat(said, "\n")), "nor the log of a run")
local journal = {}
for line in kept:gmatch "[^\n]+" do
  if line:find '"event"' or line:find '"problem"' then journal[#journal + 1] = line end
end
tap.ok(#journal > 0 and not leaked(table.concat(journal, "\n")), "nor its record")
os.execute(("rm -rf '%s'"):format(folder))
tap.done()
