-- Tables from servers: asked again with patience, kept by hash, read offline, and no secret anywhere.
local ffi = require "ffi"
local tap = require "tap"
local client = require "client"
local lathe = require "lathe"

ffi.cdef "int setenv(const char *, const char *, int);"
local python = io.open "/usr/bin/python3"
if not python then
  tap.skip("fetching", "there is no /usr/bin/python3")
  tap.done()
end
python:close()

local folder = io.popen("mktemp -d"):read "*l"
ffi.C.setenv("XDG_CACHE_HOME", folder .. "/cache", 1)

local function read_file(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read "*a"
  file:close()
  return text
end

local function write_file(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

-- A certificate that an authority of our own has signed, where openssl is there to make one.
local make = [[cd '%s' && key='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes' && exec 2>/dev/null &&
openssl req -x509 $key -keyout own.key -out own.pem -days 2 -subj /CN=own && openssl req $key -keyout key -out ask -subj /CN=localhost &&
echo subjectAltName=DNS:localhost,IP:127.0.0.1 >names && openssl x509 -req -in ask -CA own.pem -CAkey own.key -CAcreateserial -days 2 \
-extfile names -out pem]]
local signed = os.execute(make:format(folder)) == 0

local top = assert(os.getenv "LATHE_TOP")
local start = "cd '%s' && /usr/bin/python3 '%s/tests/lua/http_server.py' port %s >/dev/null 2>&1 & echo $!"
local pid = tonumber(io.popen(start:format(folder, top, signed and "pem key" or "")):read "*l")
local port, safe_port
local core = require "lathe.core"
while not port do
  core.C.lathe_progress_wait(nil, 0.01, nil)
  port, safe_port = (read_file(folder .. "/port") or ""):match "^(%d+) ?(%d*)"
end
local base = "http://127.0.0.1:" .. port

local function hits(path) return tonumber(lathe.http.get(base .. "/hits?" .. path)) end

local function read(path, options)
  options = options or {}
  options.retry_wait = options.retry_wait or 0.001
  return lathe.read(base .. path, options)
end

local function shape(t) return { t:rows(), table.concat(t:columns(), " ") } end

-- Formats.
local t, details = read "/table.csv"
tap.same({ shape(t), details.note, details.format }, { { 2, "a b" }, "", "csv" }, "a CSV file from a server is a table")
tap.same(shape(read "/rows"), { 2, "a b.c" }, "JSON is told by the content type")
tap.same(shape(read "/lines"), { 2, "a" }, "JSON Lines by what they look like")
tap.same(select(2, read "/packed.csv.gz").note, "gzip", "packed data are unpacked")
tap.same(shape(read "/moved"), { 2, "a b" }, "a redirection is followed")

-- Keeping.
tap.ok(select(2, read "/table.csv").note:find "^unchanged since %d%d%d%d%-", "an unchanged answer is not sent again")
lathe.http.get(base .. "/change")
tap.same(read("/table.csv"):column("b"):get(1), "z", "a changed one is")
local before = hits "table.csv"
local kept
kept, details = read("/table.csv", { offline = true })
tap.same({ kept:column("b"):get(1), details.note:match "^kept since", hits "table.csv" - before }, { "z", "kept since", 0 },
  "offline nobody is asked")
tap.same(select(2, read("/table.csv", { refresh = true })).note, "", "refresh asks for all of it")
tap.raises(function() read("/other.csv", { offline = true }) end, "there is no kept answer; fetch it once", "offline without an answer")
os.execute(("find '%s/cache' -path '*objects*' -type f -exec sh -c 'chmod u+w \"$1\"; printf x >\"$1\"' _ {} \\;"):format(folder))
tap.same(read("/table.csv"):column("b"):get(1), "z", "a damaged answer is fetched anew")
local once = hits "table.csv"
require("lathe.fetch").once(function()
  read "/table.csv"
  read "/table.csv"
end)
tap.same(hits "table.csv" - once, 1, "within a flow an address is asked for once")

-- Patience.
tap.same(shape(read "/busy"), { 2, "a b" }, "a busy server is asked again")
tap.same(hits "busy", 3, "until it answers")
tap.same(shape(read "/many"), { 2, "a b" }, "so is one that counts requests")
tap.raises(function() read("/never", { retries = 2 }) end, "/never: the server answers 503, it cannot now (asked 3 times); check",
  "in the end it is a sentence")
tap.raises(function() read "/tomorrow" end, "to come back in", "nobody waits a day")
tap.raises(function() read("/drop", { retries = 1 }) end, "(asked 2 times)", "a lost connection is tried again")
tap.raises(function() read("/hang", { retries = 0, timeout = 0.1 }) end, "no whole answer within 0.1 s", "a hanging server has its time")
tap.raises(function() read("/large", { limit = 1000 }) end, "larger than the 1000 bytes allowed", "a large answer is cut off")

tap.raises(function() read("/hang", { retries = 3, timeout = 0.1 }) end, "no whole answer within 0.1 s; allow more with timeout",
  "who had his time is not asked again")
tap.same(hits "hang", 2, "indeed not")
tap.raises(function() read("/drip", { timeout = 0.1 }) end, "no whole answer within 0.1 s", "so has one that drips")
tap.raises(function() read "/circle" end, "/circle: it is redirected more than five times", "a circle of redirections is left")
tap.same(hits "circle", 6, "at once")
tap.raises(function() read "/file" end, "/file: what answers there, or where it leads, does not speak HTTP", "nobody is led to a file")
tap.raises(function() read("/short", { retries = 1 }) end, "(asked 2 times)", "half an answer is asked for again")
tap.raises(function() read "/other" end, "does not speak HTTP", "a server of something else is told")

-- What is no data.
tap.raises(function() read "/broken" end, "the server answers 500; it failed at this; try again later", "a failure's text is no table")
tap.raises(function() read "/picture.csv" end, "the answer is image/png, not a table", "a picture is no table, whatever its name")
tap.raises(function() read "/page.csv" end, "the answer is a web page (text/html), not a table", "a web page is no table")
tap.raises(function() read "/none.csv" end, "the server answers 404; there is nothing at this address", "nothing is there")
tap.raises(function() lathe.read "http://" end, "is not an http:// or https:// address", "an address without a host")

-- Secrets.
local token = "s3cr3t-t0ken"
local told = {}
local function note_failure(run)
  local _, sentence = pcall(run)
  told[#told + 1] = tostring(sentence)
end
tap.raises(function() read "/secret" end, "401; it wants to know who asks; give a token with token_env or token_file", "a token is wanted")
ffi.C.setenv("TEST_TOKEN", token, 1)
tap.same(shape(read("/secret", { token_env = "TEST_TOKEN" })), { 2, "a b" }, "it comes from the environment")
tap.raises(function() read("/away", { token_env = "TEST_TOKEN" }) end, "/away: the server answers 401", "and goes to nobody else")
write_file(folder .. "/token", token .. "\n")
os.execute("chmod 644 " .. folder .. "/token")
tap.raises(function() read("/secret", { token_file = folder .. "/token" }) end, "is open to others (mode 0644); close it with chmod 600",
  "a file that others can read is refused")
os.execute("chmod 600 " .. folder .. "/token")
tap.same(shape(read("/secret", { token_file = folder .. "/token" })), { 2, "a b" }, "a closed one is read")
tap.raises(function() read("/secret", { token_env = "NO_SUCH_TOKEN" }) end, "the environment has no variable NO_SUCH_TOKEN", "no variable")
tap.raises(function() lathe.read("http://example.org/x.csv", { token_env = "TEST_TOKEN" }) end, "would travel unencrypted; use https",
  "no token goes over plain http")
tap.raises(function() lathe.read("http://user:" .. token .. "@127.0.0.1:1/x.csv") end, "***@127.0.0.1", "no password in an address")
note_failure(function() lathe.read("http://user:" .. token .. "@127.0.0.1:1/x.csv") end)
note_failure(function() lathe.read("http://127.0.0.1:1/x.csv?api_key=" .. token, { retries = 0 }) end)
note_failure(function() read("/none?access_token=" .. token .. "&page=2", { token_env = "TEST_TOKEN" }) end)
note_failure(function() lathe.read("http://" .. token .. "@ /") end)
local t2, d2 = read("/table.csv?sig=" .. token, { source = "from" })
told[#told + 1] = t2:column("from"):get(1)
told[#told + 1] = tostring(d2)
tap.ok(not table.concat(told, "\n"):find(token, 1, true), "a secret is in no error, note or column", unpack(told))
tap.ok(told[3]:find("access_token=***&page=2", 1, true), "the rest of the address is shown", told[3])
os.execute("rm " .. folder .. "/token")
tap.same(io.popen(("grep -rl '%s' '%s' | wc -l"):format(token, folder)):read "*l":match "%d+", "0", "and in no file that is kept")

-- A project: what its flows read, log and keep.
os.execute("mkdir " .. folder .. "/project")
local function run_flow(name, path, options)
  write_file(folder .. "/project/" .. name, ([[
local flow = lathe.flow "asks"
flow.rows = flow:step "ingest.read" { path = os.getenv "TEST_ADDRESS"%s }
return flow
]]):format(options))
  ffi.C.setenv("TEST_ADDRESS", path, 1)
  local run = io.popen(("cd '%s/project' && '%s' run %s 2>&1; '%s' runs 2>&1"):format(folder, os.getenv "LATHE", name, os.getenv "LATHE"))
  local lines = run:read "*a"
  run:close()
  return lines
end
local shown = run_flow("token.lua", base .. "/secret", ', token_env = "TEST_TOKEN"')
  .. run_flow("signed.lua", base .. "/table.csv?sig=" .. token, "")
  .. run_flow("failed.lua", base .. "/none?access_token=" .. token, ', token_env = "TEST_TOKEN", retries = 0')
tap.ok(shown:find("1 step in", 1, true) and shown:find("404", 1, true) and not shown:find(token, 1, true), "flows show no secret", shown)
tap.same(io.popen(("grep -rl '%s' '%s' | wc -l"):format(token, folder)):read "*l":match "%d+", "0", "and keep none")

-- Certificates.
if signed then
  local address = "https://127.0.0.1:" .. safe_port .. "/table.csv"
  ffi.C.setenv("SSL_CERT_FILE", "", 1)
  ffi.C.setenv("CURL_CA_BUNDLE", "", 1)
  tap.raises(function() lathe.read(address) end, "its certificate is not trusted", "a certificate that nobody trusts is refused")
  ffi.C.setenv("SSL_CERT_FILE", folder .. "/own.pem", 1)
  tap.same(shape(lathe.read(address)), { 1, "a b" }, "SSL_CERT_FILE names an authority to trust")
  tap.same(shape(lathe.read(address:gsub("table.csv", "secret"), { token_env = "TEST_TOKEN" })), { 2, "a b" }, "a token goes over TLS")
  ffi.C.setenv("SSL_CERT_FILE", folder .. "/none.pem", 1)
  tap.raises(function() lathe.read(address, { refresh = true }) end, "the certificates of SSL_CERT_FILE cannot be read",
    "a file of authorities that is not there")
  ffi.C.setenv("SSL_CERT_FILE", folder .. "/own.pem", 1)
  tap.raises(function() lathe.read(base:gsub("^http", "https") .. "/x") end, "it does not speak TLS", "a server without TLS")
else
  tap.skip("certificates", "there is no openssl")
end

client.kill(pid, 15)
tap.same(read("/table.csv", { retries = 0 }):rows(), 1, "a server that is gone has left its answer")
tap.ok(select(2, read("/table.csv", { retries = 0 })).note:find "^the server is not reached, kept since", "which is said")
os.execute("rm -rf " .. folder)
tap.done()
