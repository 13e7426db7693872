#!/bin/sh
# A network whose training is killed (kill -9) goes on from its checkpoint to the bytes that it would have come to.
. "$LATHE_TOP/tests/cli/tap.sh"

cat >fit.lua <<'END'
local out, checkpoint = ...
local x, kind, y = {}, {}, {}
for row = 1, 3000 do
  x[row], kind[row] = (row * 7919) % 3001 / 3001, ("abcdefg"):sub(row % 7 + 1, row % 7 + 1)
  y[row] = math.sin(10 * x[row]) * (row % 7)
end
local t = lathe.table { { "x", x }, { "kind", kind }, { "y", y } }
lathe.fit(t, lathe.recipe { target = "y" }:encode { method = "ordinal" },
  lathe.network { epochs = 60, batch = 64, dropout = 0.1, schedule = "cosine", checkpoint = checkpoint, checkpoint_every = 2 }):save(out)
END
run "$LATHE" script fit.lua whole
status "a training runs undisturbed" 0
killed=0
for number in 1 2 3; do
  was=$(cksum <checkpoint 2>/dev/null)
  "$LATHE" script fit.lua part checkpoint >/dev/null 2>&1 &
  pid=$!
  # until it has written a checkpoint of its own
  while kill -0 $pid 2>/dev/null && [ "$(cksum <checkpoint 2>/dev/null)" = "$was" ]; do :; done
  kill -9 $pid 2>/dev/null
  wait $pid 2>/dev/null
  [ $? -eq 137 ] && killed=$((killed + 1))
done
echo "# killed $killed times"
run "$LATHE" script fit.lua part checkpoint
status "one that was killed goes on" 0
is "to the same bytes" "$(cksum <part)" "$(cksum <whole)"
is "and its checkpoint is gone" "$(ls checkpoint 2>/dev/null)" ""
finish
