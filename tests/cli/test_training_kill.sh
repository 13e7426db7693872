#!/bin/sh
# A training that is killed (kill -9) goes on from its checkpoint to the bytes that it would have come to.
. "$LATHE_TOP/tests/cli/tap.sh"

cat >fit.lua <<'END'
local name, out, checkpoint = ...
local x, kind, y, z = {}, {}, {}, {}
for row = 1, 3000 do
  x[row], kind[row] = (row * 7919) % 3001 / 3001, ("abcdefg"):sub(row % 7 + 1, row % 7 + 1)
  y[row], z[row] = math.sin(10 * x[row]) * (row % 7), x[row] * (row % 3)
end
local t = lathe.table { { "x", x }, { "kind", kind }, { "y", y }, { "z", z } }
local function network(own)
  local options = { epochs = 60, batch = 64, dropout = 0.1, checkpoint = checkpoint, checkpoint_every = 2 }
  for key, value in pairs(own) do options[key] = value end
  return lathe.network(options)
end
local jobs = {
  boosting = { "y", lathe.boosting { rounds = 300, row_share = 0.5, checkpoint = checkpoint, checkpoint_every = 3 } },
  network = { "y", network { schedule = "cosine" } },
  network_of_two_targets = { { "y", "z" }, network { validation = 0.1, patience = 0 } },
}
local target, estimator = unpack(jobs[name])
lathe.fit(t, lathe.recipe { target = target, features = { "x", "kind" } }:encode { method = "ordinal" }, estimator):save(out)
END

for name in boosting network network_of_two_targets; do
  run "$LATHE" script fit.lua $name whole
  status "$name: a training runs undisturbed" 0
  killed=0
  for number in 1 2 3; do
    was=$(cksum checkpoint 2>/dev/null)
    "$LATHE" script fit.lua $name part checkpoint >/dev/null 2>&1 &
    pid=$!
    # until it has written a checkpoint of its own
    while kill -0 $pid 2>/dev/null && [ "$(cksum checkpoint 2>/dev/null)" = "$was" ]; do :; done
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
    [ $? -eq 137 ] && killed=$((killed + 1))
  done
  echo "# $name was killed $killed times"
  run "$LATHE" script fit.lua $name part checkpoint
  status "$name: one that was killed goes on" 0
  is "$name: to the same bytes" "$(cksum <part)" "$(cksum <whole)"
  is "$name: and its checkpoint is gone" "$(ls checkpoint 2>/dev/null)" ""
done
finish
