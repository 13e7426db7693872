-- Numbers, sizes and times as people write them; text that lines up.
local tap = require "tap"
local style = require "lathe.style"

local function each(name, run, cases)
  for _, case in ipairs(cases) do
    tap.ok(run(case[1]) == case[2], ("%s of %s is %s"):format(name, tostring(case[1]), case[2]), "got: " .. tostring(run(case[1])))
  end
end

each("number", style.number, {
  { 0, "0" }, { 20640, "20,640" }, { 999, "999" }, { 1997, "1997" }, { 9999.5, "9999.5" }, { 10000, "10,000" },
  { -1234567, "-1,234,567" }, { 68412.3456, "68,412.3" },
  { 0.64332, "0.6433" }, { 12.5, "12.5" }, { 1.2e-7, "1.2e-7" }, { 1e15, "1e15" }, { 3e300, "3e300" }, { 0 / 0, "nan" },
  { 1 / 0, "inf" }, { -1 / 0, "-inf" }, { -0.5, "-0.5" }, { 100000LL, "100,000" }, { -0.0, "0" },
})
each("count", style.count, { { 1, "1" }, { 123456, "123,456" }, { 9007199254740993LL, "9,007,199,254,740,993" }, { -12345, "-12,345" } })
each("bytes", style.bytes, {
  { 0, "0 B" }, { 812, "812 B" }, { 999, "999 B" }, { 1000, "1.0 kB" }, { 84e6, "84 MB" }, { 1.34e9, "1.3 GB" }, { 999999, "1.0 MB" },
})
each("seconds", style.seconds, {
  { 0, "0 s" }, { 21e-6, "21 µs" }, { 0.0034, "3.4 ms" }, { 0.003, "3 ms" }, { 0.25, "250 ms" }, { 1.2, "1.2 s" }, { 42, "42 s" },
  { 134, "2 min 14 s" }, { 59.99, "1 min 0 s" }, { 8040, "2 h 14 min" }, { 3599.9, "1 h 0 min" },
})
tap.same(style.fixed(1234.5, 2), "1,234.50", "a fixed count of decimals is kept")
tap.same(style.fixed(-0.001, 2), "0.00", "what rounds to nothing has no sign")

tap.same(style.width "abc", 3, "ASCII is a cell each")
tap.same(style.width "naïve", 5, "an accent takes no cell of its own")
tap.same(style.width "房价", 4, "wide characters take two")
tap.same(style.width "\27[1mab\27[22m", 2, "colours take none")
tap.same(style.pad("ab", 4), "ab  ", "text is filled on the right")
tap.same(style.pad("ab", 4, "right"), "  ab", "or on the left")
tap.same(style.pad("ab", 5, "centre"), " ab  ", "or on both sides")
tap.same(style.pad("房", 4), "房  ", "by display columns, not bytes")
tap.same(style.pad("abcdef", 4), "abcdef", "what is too wide stays as it is")
tap.same(style.cut("abcdef", 4), "abc…", "cut text ends in an ellipsis")
tap.same(style.cut("abcd", 4), "abcd", "what fits is not cut")
tap.same(style.cut("房价表", 4), "房…", "a wide character is never halved")
tap.same(style.cut("abc", 0), "", "nothing fits in no room")
tap.same(style.wrap("one two three\n  four five", 9),
  { "one two", "three", "  four", "  five" }, "lines break at blanks and keep their indent")
tap.same(style.wrap("  a    b\n\nc", 20), { "  a    b", "", "c" }, "lines that fit stay as they are")
tap.same(style.joined "a\nb\n\n  c\n  d\ne\n", "a b\n\n  c\n  d\ne", "lines of a paragraph are joined, indented ones are not")

local bold = style.new(true).bold "x"
tap.same(bold, "\27[1mx\27[22m", "a look sets what it sets and takes back only that")
tap.same(style.new(false).bold "x", "x", "without colour there are no escapes")

local file = io.tmpfile()
tap.same(style.colour(file), false, "a file is not coloured")
tap.same(style.columns(file, 72), 72, "a file is as wide as is asked")
file:close()

tap.same({ style.share(1, 3), style.share(1, 9999), style.share(9999, 10000), style.share(0, 5), style.share(5, 5) },
  { "33.3 %", "<0.1 %", ">99.9 %", "0.0 %", "100.0 %" }, "a part is never rounded to none or all")
tap.done()
