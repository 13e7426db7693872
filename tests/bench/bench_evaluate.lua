-- Figures of merit: AUC, average precision and log loss of many rows, and the intervals of all figures from 1,000 resamples. The peer is
-- scikit-learn (peers/evaluate.py), on the same numbers.
local ffi = require "ffi"
local core = require "lathe.core"
local measure = require "lathe.evaluate.measure"

local C = core.C
local threads = C.lathe_threads_get()

local function now()
  ffi.cdef "typedef struct { long seconds, nanoseconds; } lathe_bench_time; int clock_gettime(int, lathe_bench_time *);"
  local t = ffi.new "lathe_bench_time"
  ffi.C.clock_gettime(1, t)
  return tonumber(t.seconds) + tonumber(t.nanoseconds) / 1e9
end

-- Probabilities from a whole-number generator that the peer has too, and classes that come true with them.
local function made(rows)
  local codes, p, state = ffi.new("int32_t[?]", rows), ffi.new("double[?]", 2 * rows), 12345
  for row = 0, rows - 1 do
    state = (state * 48271) % 2147483647
    local score = state / 2147483647
    state = (state * 48271) % 2147483647
    p[2 * row], p[2 * row + 1] = 1 - score, score
    codes[row] = state / 2147483647 < score and 1 or 0
  end
  return codes, p
end

local function timed(task, rows, resamples)
  local codes, p = made(rows)
  local best, result = math.huge, nil
  for _ = 1, 3 do
    local begin = now()
    result = measure.classes(codes, p, rows, { "no", "yes" }, nil, nil, { resamples = resamples })
    best = math.min(best, now() - begin)
  end
  print(("%s lathe %.3f threads=%d rows=%d auc=%.12f log_loss=%.12f"):format(task, best, threads, rows, result.values.auc,
    result.values.log_loss))
  local interval = result.intervals.auc
  if interval then print(("# AUC from %.5f to %.5f"):format(interval[1], interval[2])) end
end

timed("metrics_5m", tonumber(os.getenv "BENCH_ROWS" or 5e6), 0)
timed("intervals_100k", 1e5, 1000)
