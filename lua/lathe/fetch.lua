-- Data from servers over HTTP, kept: an answer is asked for once, and again only to find out whether it changed.
--
-- What a server answers is kept as an object of the project (or, without one, in the user's cache folder), with its address, time and
-- ETag. When it is wanted again the server is asked whether it changed; when the server cannot be reached, or with `offline`, what is
-- kept is taken. Secrets go into the request and nowhere else: not into errors, notes, the store or the name of the answer.
local ffi = require "ffi"
local core = require "lathe.core"
local C, problem = core.C, core.problem

local fetch = {}

-- The options of lathe.read that concern servers.
fetch.options = {
  timeout = true, connect_timeout = true, retries = true, retry_wait = true, limit = true, token_env = true, token_file = true,
  offline = true, refresh = true, project = true, format = true,
}

-- ---- addresses ----

local secret_words = { "key", "token", "secret", "password", "passwd", "sig", "signature", "auth", "credential", "code" }

local function is_secret(name)
  name = name:lower()
  for _, word in ipairs(secret_words) do
    if name:find(word, 1, true) then return true end
  end
  return false
end

-- The address as it may be shown: without what is a secret in it.
function fetch.masked(url)
  url = url:gsub("^(%a+://)[^/@]*@", "%1***@"):gsub("([Pp][Ww][Dd]=)[^;]*", "%1***")
  return (url:gsub("([?&;])([^=&;#]+)=([^&;#]*)", function(mark, name, value)
    return mark .. name .. "=" .. (is_secret(name) and "***" or value)
  end))
end

local function check_url(url)
  if not url:find "^[Hh][Tt][Tt][Pp][Ss]?://[^%s%z]+$" then core.fail("%q is not an http:// or https:// address", fetch.masked(url)) end
  if url:find "^%w+://[^/?#]*@" then
    core.fail("%s: a name and password do not belong in an address; give a token with token_env or token_file", fetch.masked(url))
  end
end

local function is_loopback(url)
  local host = url:match "^%w+://([^/?#]*)":lower()
  return host:find "^127%.[%d%.]+:?%d*$" or host:find "^localhost:?%d*$" or host:find "^%[::1%]" and true or false
end

-- ---- secrets ----

-- The bearer token that the options name, or nil.
local function token_of(options, url)
  local token
  if options.token_env and options.token_file then core.fail "give token_env or token_file, not both" end
  if options.token_env then
    token = os.getenv(options.token_env)
    if not token or token == "" then core.fail("the environment has no variable %s; export it, or use token_file", options.token_env) end
    if token:find "[^\33-\126]" then core.fail("the variable %s holds no token of one line of ASCII letters", options.token_env) end
  elseif options.token_file then
    local room = ffi.new "char[8192]"
    core.try(C.lathe_file_secret(options.token_file, room, 8192, problem))
    token = ffi.string(room)
    ffi.fill(room, 8192)
    if token:find "[^\33-\126]" then core.fail("%s holds no token of one line of ASCII letters", options.token_file) end
  end
  if token and not url:lower():find "^https:" and not is_loopback(url) then
    core.fail("%s: a token would travel unencrypted; use https", fetch.masked(url))
  end
  return token
end

-- ---- the store ----

local function project_for(options)
  local project = require "lathe.project"
  if options.project then return project.open(options.project, { make = true }) end
  if project.exists "." then return project.open "." end
  local cache = require("lathe.place").own "cache"
  if not cache then core.fail "there is no place to keep an answer: HOME is not set; set it to your home folder" end
  return project.open(cache, { make = true })
end

local function key_of(url, options)
  local digest = ffi.new "char[33]"
  local text = table.concat({ "http 1", url, options.token_env or "", options.token_file or "" }, "\n")
  C.lathe_hash_bytes(text, #text, digest)
  return ffi.string(digest)
end

-- ---- asking ----

local again = { [429] = true, [502] = true, [503] = true, [504] = true }
local RETRIES, WAIT, LONGEST = 4, 0.5, 120

local months = { Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8, Sep = 9, Oct = 10, Nov = 11, Dec = 12 }

-- The seconds that a Retry-After header asks to wait: a number, or a date.
local function retry_after(text)
  if not text then return nil end
  local seconds = tonumber(text:match "^%s*(%d+)%s*$")
  if seconds then return seconds end
  local day, month, year, hour, minute, second = text:match "^%a+, (%d+) (%a+) (%d+) (%d+):(%d+):(%d+) GMT"
  if not months[month or ""] then return nil end
  local days = ffi.new "int32_t[1]"
  local date = ("%04d-%02d-%02d"):format(year, months[month], day)
  if not C.lathe_text_to_date(date, #date, days) then return nil end
  return math.max(0, days[0] * 86400 + hour * 3600 + minute * 60 + second - C.lathe_clock_wall())
end

-- How long to wait before try `count` + 1: twice as long each time, and by chance up to as long again, so that many clients do not
-- come back together.
local function back_off(count, options)
  local chance = (C.lathe_clock() * 1e6) % 1000 / 1000
  return math.min((options.retry_wait or WAIT) * 2 ^ (count - 1) * (1 + chance), 60)
end

local function headers_of(response)
  local text, headers = C.lathe_http_headers(response), {}
  for name, value in ffi.string(text.data, text.size):gmatch "([^\n:]+):[ \t]*([^\n]*)" do headers[name:lower()] = value end
  return headers
end

local client

local function header_lines(token, kept)
  local lines = { "Accept: text/csv, application/json, */*;q=0.8" }
  if token then lines[#lines + 1] = "Authorization: Bearer " .. token end
  for header, value in pairs { ["If-None-Match"] = kept and kept.etag or nil, ["If-Modified-Since"] = kept and kept.modified or nil } do
    if not value:find "[%c]" then lines[#lines + 1] = header .. ": " .. value end
  end
  return table.concat(lines, "\n")
end

-- Ask until there is an answer that is no "come back later": the response, its status and headers; or nil and a sentence.
local function ask(url, shown, options, lines)
  client = client or ffi.gc(core.try(C.lathe_http_client_new(problem)), C.lathe_http_client_free)
  local most = math.min(options.limit or 2 ^ 30, tonumber(C.lathe_memory_available()) * 0.75)
  local limits = ffi.new("lathe_http_limits", options.timeout or 300, options.connect_timeout or 0, most)
  local count = 0
  while true do
    count = count + 1
    local begun = C.lathe_clock()
    local response = C.lathe_http_send(client, nil, url, lines, nil, 0, limits, core.progress(), problem)
    local wait, last
    if response ~= nil then
      response = ffi.gc(response, C.lathe_http_response_free)
      local status, headers = C.lathe_http_status(response), headers_of(response)
      if not again[status] then return response, status, headers end
      last = ("%s: the server answers %d, %s"):format(shown, status, status == 429 and "too many requests" or "it cannot now")
      wait = retry_after(headers["retry-after"])
      if wait and wait > LONGEST then
        return nil, ("%s, and to come back in %s; try again then"):format(last, require("lathe.style").seconds(wait))
      end
    else
      local start, stop = ffi.string(problem.message):find(url, 1, true)
      last = ffi.string(problem.message)
      if start then last = last:sub(1, start - 1) .. shown .. last:sub(stop + 1) end
      if problem.code ~= C.LATHE_ERROR_FILE then core.fail("%s", last) end -- cancelled, too large, not trusted
      if C.lathe_clock() - begun >= limits.timeout then return nil, last end -- it had its time
    end
    if count > (options.retries or RETRIES) then
      return nil, ("%s%s; check the address, or try again later"):format(last, count > 1 and (" (asked %d times)"):format(count) or "")
    end
    core.try(C.lathe_progress_wait(core.progress(), wait or back_off(count, options), problem))
  end
end

local refusals = {
  [204] = "it has no data there; check the address", [206] = "it sends a part only; check the address",
  [401] = "it wants to know who asks; give a token with token_env or token_file",
  [403] = "it does not allow this; check the token and its rights",
  [404] = "there is nothing at this address; check it", [410] = "what was at this address is gone; look for another",
}

local function check_answer(shown, status, headers, options)
  if status ~= 200 then
    local failed = status >= 500 and "it failed at this; try again later, or tell those who run it"
    core.fail("%s: the server answers %d; %s", shown, status, refusals[status] or failed or "check the address")
  end
  local kind = (headers["content-type"] or ""):lower():match "^%s*([^;%s]*)"
  if not options.format and (kind == "text/html" or kind == "application/xhtml+xml") then
    core.fail("%s: the answer is a web page (%s), not a table; check the address, or whether it wants a token", shown, kind)
  end
  if kind:find "^image/" or kind:find "^video/" or kind:find "^audio/" then
    core.fail("%s: the answer is %s, not a table; check the address", shown, kind)
  end
  return kind
end

-- ---- answers ----

local extensions = {
  ["text/csv"] = "csv", ["text/tab-separated-values"] = "tsv", ["application/json"] = "json", ["application/geo+json"] = "json",
  ["application/x-ndjson"] = "jsonl", ["application/ndjson"] = "jsonl", ["application/jsonl"] = "jsonl",
  ["application/json-lines"] = "jsonl",
}

-- A name whose extension tells the format: that of the address, or by the content type.
local function guess_of(url, kind)
  local path = url:gsub("[?#].*$", ""):match "^%w+://[^/]*(.*)$" or ""
  if path:lower():gsub("%.gz$", ""):gsub("%.zst$", ""):find "%.%w+$" and not path:find "%.php$" then return path:match "[^/]*$" end
  return "answer" .. (extensions[kind] and "." .. extensions[kind] or "")
end

local function time_text(seconds)
  local out = ffi.new "char[32]"
  return ffi.string(out, C.lathe_text_from_timestamp(math.floor(seconds) * 1000000LL, out))
end

local function answer_of(project, entry, url, shown, note)
  local fine, sentence = project:check(entry.hash)
  if not fine then return nil, sentence end
  return {
    file = project:object(entry.hash), name = shown, guess = guess_of(url, entry.type or ""), hash = entry.hash, size = entry.size,
    time = entry.time, etag = entry.etag, note = note, project = project,
  }
end

local function keep(project, key, response, shown, kind, headers)
  local body = C.lathe_http_body(response)
  local entry = {
    key = key, url = shown, time = C.lathe_clock_wall(), etag = headers.etag, modified = headers["last-modified"], type = kind,
    hash = project:put_bytes(body.data, body.size), size = tonumber(body.size),
  }
  project:keep_answer(key, entry)
  return entry
end

local function get(url, options)
  local shown = fetch.masked(url)
  local project, key = project_for(options), key_of(url, options)
  local kept = not options.refresh and project:answer(key) or nil
  if options.offline then
    kept = kept or project:answer(key)
    local answer = kept and answer_of(project, kept, url, shown, "kept since " .. time_text(kept.time))
    return answer or core.fail("%s: there is no kept answer; fetch it once without offline", shown)
  end
  local lines = header_lines(token_of(options, url), kept)
  C.lathe_progress_begin(core.progress(), ("get " .. shown):sub(1, 60), 0)
  local fine, response, status, headers = pcall(ask, url, shown, options, lines)
  C.lathe_progress_end(core.progress())
  if not fine then error(response, 0) end
  if not response then
    local sentence = status
    kept = kept or project:answer(key)
    local answer = kept and answer_of(project, kept, url, shown, "the server is not reached, kept since " .. time_text(kept.time))
    return answer or core.fail("%s", sentence)
  end
  if status == 304 and kept then
    local answer = answer_of(project, kept, url, shown, "unchanged since " .. time_text(kept.time))
    if answer then return answer end
    local anew = {}
    for name, value in pairs(options) do anew[name] = value end
    anew.refresh = true -- the kept object was damaged
    return get(url, anew)
  end
  local kind = check_answer(shown, status, headers, options)
  local entry = keep(project, key, response, shown, kind, headers)
  C.lathe_http_response_free(ffi.gc(response, nil))
  return answer_of(project, entry, url, shown, nil) or core.fail("%s: the answer could not be kept", shown)
end

local held -- while a flow runs: what was answered already

-- Get an address: { file = where the bytes are, name = the address as it may be shown, guess = a name with an extension, hash =, time =,
-- etag =, note = }. `options` are those of lathe.read that concern servers. Raises one sentence.
function fetch.get(url, options)
  check_url(url)
  options = options or {}
  if not held then return get(url, options) end
  local key = key_of(url, options) .. (options.project or "")
  held[key] = held[key] or get(url, options)
  return held[key]
end

-- Run a function during which each address is asked for once at most; its results.
function fetch.once(run, ...)
  local before = held
  held = held or {}
  local results = { pcall(run, ...) }
  held = before
  if not results[1] then error(results[2], 0) end
  return unpack(results, 2, table.maxn(results))
end

return fetch
