-- How text looks: colours where the reader wants them, numbers as people write them, and columns that line up.
local ffi = require "ffi"

ffi.cdef [[
int isatty(int);
int fileno(void *);
]]

local style = {}

-- Each look: the escapes that begin and end it. Ends are specific, so looks nest.
local looks = {
  bold = { "\27[1m", "\27[22m" },
  dim = { "\27[2m", "\27[22m" },
  accent = { "\27[36m", "\27[39m" },
  warn = { "\27[33m", "\27[39m" },
  error = { "\27[31m", "\27[39m" },
  good = { "\27[32m", "\27[39m" },
}

local function plain(text) return text end

local coloured, bare = { colour = true }, { colour = false }
for name, ends in pairs(looks) do
  coloured[name] = function(text) return ends[1] .. text .. ends[2] end
  bare[name] = plain
end

-- The looks `bold dim accent warn error good`: functions from text to text. Without `colour` they give back what they get.
function style.new(colour) return colour and coloured or bare end

-- Whether an open file is a terminal.
function style.terminal(file) return ffi.C.isatty(ffi.C.fileno(file)) == 1 end

-- Whether to colour what is written to `file`: a terminal that is not a dumb one, and NO_COLOR is not set.
function style.colour(file)
  local refused = os.getenv "NO_COLOR"
  if (refused and refused ~= "") or os.getenv "TERM" == "dumb" then return false end
  return style.terminal(file)
end

-- The display columns of the terminal that `file` is, at least 20; `otherwise` (80) when it is not one.
function style.columns(file, otherwise)
  if style.terminal(file) then
    ffi.cdef "int ioctl(int, unsigned long, ...);"
    local size = ffi.new "unsigned short[4]" -- rows, columns, and both in pixels
    local TIOCGWINSZ = ffi.os == "Linux" and 0x5413 or 0x40087468
    if ffi.C.ioctl(ffi.C.fileno(file), TIOCGWINSZ, size) == 0 and size[1] > 0 then return math.max(size[1], 20) end
  end
  return otherwise or 80
end

-- Put a comma between each three digits.
local function group(digits)
  local cut = (#digits - 1) % 3 + 1
  local parts = { digits:sub(1, cut) }
  for at = cut + 1, #digits, 3 do parts[#parts + 1] = digits:sub(at, at + 2) end
  return table.concat(parts, ",")
end

-- A whole number with its thousands grouped: "20,640". Takes Lua numbers and 64-bit integers of C.
function style.count(n)
  if type(n) == "number" then
    if n ~= n or n == math.huge or n == -math.huge then return style.number(n) end
    n = ("%.0f"):format(n)
  end
  local sign, digits = tostring(n):match "^(%-?)(%d+)"
  if not digits then return tostring(n) end
  return (digits == "0" and "" or sign) .. group(digits)
end

-- A number with a fixed count of decimals and its thousands grouped: "68,412.30".
function style.fixed(x, decimals)
  if x ~= x then return "nan" end
  if x == math.huge or x == -math.huge then return x > 0 and "inf" or "-inf" end
  local sign, whole, rest = ("%." .. decimals .. "f"):format(x):match "^(%-?)(%d+)(.*)$"
  if not (whole .. rest):find "[1-9]" then sign = "" end
  return sign .. group(whole) .. rest
end

-- A number for reading: whole ones exact, others with four significant digits, one decimal at least from a thousand on:
-- "20,640", "68,412.3", "0.6433", "1.2e-7". Four digits are not grouped, since they are years as often as not: "1997".
function style.number(x)
  if type(x) ~= "number" then return style.count(x) end
  local size = math.abs(x)
  if x ~= x or size == math.huge then return style.fixed(x, 0) end
  if size >= 1e15 then return (("%.4g"):format(x):gsub("e%+0*", "e")) end
  if x == math.floor(x) then return size < 10000 and ("%d"):format(x) or style.count(x) end
  if size >= 1000 then return size < 10000 and ("%.1f"):format(x) or style.fixed(x, 1) end
  local text = ("%.4g"):format(x)
  if text:find "e" then return (text:gsub("e%-0*", "e-"):gsub("e%+0*", "e")) end
  return text
end

-- A part of a whole: "28.4 %"; "<0.1 %" and ">99.9 %" where rounding would say none or all.
function style.share(part, whole)
  local text = ("%.1f %%"):format(100 * part / whole)
  if text == "0.0 %" and part > 0 then return "<0.1 %" end
  if text == "100.0 %" and part < whole then return ">99.9 %" end
  return text
end

-- A size in bytes: "812 B", "84 MB", "1.3 GB" (steps of 1,000).
function style.bytes(n)
  n = tonumber(n)
  local units, at = { "B", "kB", "MB", "GB", "TB", "PB" }, 1
  while math.abs(n) >= 999.5 and at < #units do n, at = n / 1000, at + 1 end
  local text = (at > 1 and math.abs(n) < 9.95) and ("%.1f"):format(n) or ("%.0f"):format(n)
  return text .. " " .. units[at]
end

-- A time: "21 µs", "3.4 ms", "1.2 s", "2 min 14 s", "2 h 14 min".
function style.seconds(s)
  s = tonumber(s)
  if s ~= s or s == math.huge then return "?" end
  if s < 0 then return "-" .. style.seconds(-s) end
  if s == 0 then return "0 s" end
  local function short(x, unit) return (x < 9.95 and ("%.1f"):format(x):gsub("%.0$", "") or ("%.0f"):format(x)) .. " " .. unit end
  if s < 0.9995e-3 then return short(s * 1e6, "µs") end
  if s < 0.9995 then return short(s * 1e3, "ms") end
  if s < 59.95 then return s < 9.95 and short(s, "s") or ("%.0f s"):format(s) end
  local minutes = math.floor(s / 60 + 0.5 / 60)
  if minutes < 60 then return ("%d min %d s"):format(minutes, math.floor(s - minutes * 60 + 0.5)) end
  minutes = math.floor(s / 60 + 0.5)
  return ("%d h %d min"):format(math.floor(minutes / 60), minutes % 60)
end

local function bare_text(text)
  if text:find("\27", 1, true) then text = text:gsub("\27%[[%d;]*m", "") end
  return text
end

local core

-- Display columns of a text without its colours. Wide characters count two, combining ones none.
function style.width(text)
  text = bare_text(text)
  if not text:find "[\128-\255]" then return #text end
  core = core or require "lathe.core"
  return tonumber(core.C.lathe_text_width(text, #text))
end

-- Text that does nothing to a terminal: control characters (and those of U+0080 to U+009F) as "␣", but line ends when `lines` is set.
function style.printable(text, lines)
  if not text:find "[%c\194]" then return text end
  return (text:gsub(lines and "[%z\1-\9\11-\31\127]" or "%c", "␣"):gsub("\194[\128-\159]", "␣"))
end

-- Text filled with blanks to `width` display columns; `align` is "left" (the default), "right" or "centre".
function style.pad(text, width, align)
  local missing = width - style.width(text)
  if missing <= 0 then return text end
  if align == "right" then return (" "):rep(missing) .. text end
  if align == "centre" then
    local left = math.floor(missing / 2)
    return (" "):rep(left) .. text .. (" "):rep(missing - left)
  end
  return text .. (" "):rep(missing)
end

-- Text cut to at most `width` display columns; what was cut ends in "…". Colours are dropped from a text that is cut.
function style.cut(text, width)
  if style.width(text) <= width then return text end
  if width <= 0 then return "" end
  text = bare_text(text)
  if not text:find "[\128-\255]" then return text:sub(1, width - 1) .. "…" end
  return text:sub(1, tonumber(core.C.lathe_text_fit(text, #text, width - 1))) .. "…"
end

-- Text as lines of at most `width` display columns, broken at blanks; its own line ends and the indent of its lines are kept, and
-- lines that fit stay as they are.
function style.wrap(text, width)
  local lines = {}
  for line in (text .. "\n"):gmatch "(.-)\n" do
    local indent = line:match "^%s*"
    local fits = style.width(line) <= width
    local now = fits and line or nil
    for word in (fits and "" or line):gmatch "%S+" do
      if now == nil then
        now = indent .. word
      elseif style.width(now) + 1 + style.width(word) <= width then
        now = now .. " " .. word
      else
        lines[#lines + 1] = now
        now = indent .. word
      end
    end
    lines[#lines + 1] = now or ""
  end
  return lines
end

-- Paragraphs as one line each: lines that follow each other are joined, indented ones and empty ones stay.
function style.joined(text)
  local kept = {}
  for line in (text:gsub("%s+$", "") .. "\n"):gmatch "(.-)\n" do
    local last = kept[#kept]
    if last and last ~= "" and not last:find "^%s" and line:find "^%S" then
      kept[#kept] = last .. " " .. line
    else
      kept[#kept + 1] = line
    end
  end
  return table.concat(kept, "\n")
end

return style
