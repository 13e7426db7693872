-- A TCP client of the loopback that does as it is told, for tests of servers.
local ffi = require "ffi"

ffi.cdef [[
struct test_address { uint16_t family, port; uint32_t host; char zero[8]; };
struct test_poll { int fd; short events, revents; };
int socket(int, int, int);
int connect(int, const struct test_address *, unsigned);
ssize_t send(int, const void *, size_t, int);
ssize_t recv(int, void *, size_t, int);
int poll(struct test_poll *, unsigned long, int);
int close(int);
int kill(int, int);
]]
local POLLIN, NOSIGNAL = 1, 0x4000

local client = {}

-- Connect to "http://127.0.0.1:PORT": a descriptor, or nil when nobody listens.
function client.dial(url)
  local port = tonumber(url:match ":(%d+)$")
  local fd = ffi.C.socket(2, 1, 0)
  local address = ffi.new "struct test_address"
  address.family, address.host = 2, 0x0100007f
  address.port = bit.bor(bit.lshift(bit.band(port, 255), 8), bit.rshift(port, 8))
  if ffi.C.connect(fd, address, ffi.sizeof(address)) == 0 then return fd end
  ffi.C.close(fd)
end

-- Send a text; whether all of it went.
function client.say(fd, text) return ffi.C.send(fd, text, #text, NOSIGNAL) == #text end

-- Whether something, or the end, has come within `milliseconds`.
local function ready(fd, milliseconds)
  local polls = ffi.new "struct test_poll[1]"
  polls[0].fd, polls[0].events = fd, POLLIN
  return ffi.C.poll(polls, 1, milliseconds) > 0
end

local buffer = ffi.new "char[65536]"

-- All that comes until the other side closes.
function client.hear_all(fd)
  local parts = {}
  while ready(fd, 10000) do
    local got = ffi.C.recv(fd, buffer, 65536, 0)
    if got <= 0 then break end
    parts[#parts + 1] = ffi.string(buffer, got)
  end
  ffi.C.close(fd)
  return table.concat(parts)
end

-- Whether the other side closes without a word.
function client.closed(fd)
  local silent = ready(fd, 10000) and ffi.C.recv(fd, buffer, 1, 0) <= 0
  ffi.C.close(fd)
  return silent
end

-- Send `piece` now and then until the other side closes; false when it does not within 10 seconds.
function client.drip(fd, piece)
  for _ = 1, 500 do
    if ready(fd, 20) and ffi.C.recv(fd, buffer, 65536, 0) <= 0 then
      ffi.C.close(fd)
      return true
    end
    client.say(fd, piece)
  end
  ffi.C.close(fd)
  return false
end

-- Try `attempt` until it gives something true, for at most 10 seconds.
function client.until_true(attempt)
  for _ = 1, 1000 do
    local result = attempt()
    if result then return result end
    ffi.C.poll(nil, 0, 10)
  end
end

function client.kill(process, signal) return ffi.C.kill(process, signal) == 0 end

return client
