-- HTTP requests, one after the other. Connections to a server are kept open between them.
local ffi = require "ffi"
local core = require "lathe.core"
local C, problem = core.C, core.problem

local http = {}

local client

local function header_lines(headers)
  local lines = {}
  for name, value in pairs(headers or {}) do
    local line = name .. ": " .. tostring(value)
    if line:find "[\r\n%z]" then core.fail("the header %q has a line break", name) end
    lines[#lines + 1] = line
  end
  table.sort(lines)
  return table.concat(lines, "\n")
end

local function headers_of(response)
  local text, headers = C.lathe_http_headers(response), {}
  for name, value in ffi.string(text.data, text.size):gmatch "([^\n:]+):[ \t]*([^\n]*)" do headers[name:lower()] = value end
  return headers
end

local known = { url = true, method = true, body = true, headers = true, timeout = true, connect_timeout = true,
  max_body = true, progress = true }

-- Send a request and return the answer: { status = 200, body = "...", headers = { ["content-type"] = "..." } }, whatever the
-- status. Raises a sentence with the URL when there is none.
--   url              http:// or https://
--   method           default GET, or POST when there is a body
--   headers          name = value
--   body             text
--   timeout          seconds for all of it (30); connect_timeout: until the connection stands (5)
--   max_body         the largest answer in bytes (256 MB)
--   progress         what may cancel it; default: the foreground, so Ctrl-C does
function http.request(request)
  if type(request) == "string" then request = { url = request } end
  if type(request) ~= "table" or type(request.url) ~= "string" then core.fail 'http.request wants { url = "http://..." }' end
  for name in pairs(request) do
    if not known[name] then core.unknown_option("http.request", name, known) end
  end
  if not request.url:find "^https?://[^%s%z]+$" then core.fail("%q is not an http:// or https:// address", request.url) end
  client = client or ffi.gc(core.try(C.lathe_http_client_new(problem)), C.lathe_http_client_free)
  local limits = ffi.new("lathe_http_limits", request.timeout or 0, request.connect_timeout or 0, request.max_body or 0)
  local body = request.body
  local response = ffi.gc(core.try(C.lathe_http_send(client, request.method, request.url, header_lines(request.headers),
    body, body and #body or 0, limits, request.progress or core.progress(), problem)), C.lathe_http_response_free)
  local text = C.lathe_http_body(response)
  local answer = { status = C.lathe_http_status(response), body = ffi.string(text.data, text.size),
    headers = headers_of(response) }
  C.lathe_http_response_free(ffi.gc(response, nil))
  return answer
end

-- Get a URL; the body. Raises when the status is not 200.
function http.get(url, options)
  local request = { url = url }
  for name, value in pairs(options or {}) do request[name] = value end
  local answer = http.request(request)
  if answer.status ~= 200 then core.fail("%s: the server answers %d", url, answer.status) end
  return answer.body
end

return http
