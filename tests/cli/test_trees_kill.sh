#!/bin/sh
# A training of trees that is killed (kill -9) goes on from its checkpoint to the bytes that it would have come to.
. "$LATHE_TOP/tests/cli/tap.sh"

cat >fit.lua <<'END'
local family, out, checkpoint, length, seed = ...
local x, kind, y = {}, {}, {}
for row = 1, 3000 do
  x[row], kind[row] = (row * 7919) % 3001, ("abcdefg"):sub(row % 7 + 1, row % 7 + 1)
  y[row] = math.sin(x[row] / 100) * (row % 7)
end
local options = { checkpoint = checkpoint, checkpoint_every = 3, seed = tonumber(seed) }
if family == "boosting" then
  options.rounds, options.row_share = tonumber(length) or 300, 0.5
else
  options.trees = tonumber(length) or 120
end
local t = lathe.table { { "x", x }, { "kind", kind }, { "y", y } }
lathe.fit(t, lathe.recipe { target = "y" }:encode { method = "ordinal" }, lathe[family](options)):save(out)
END
for family in boosting forest extra_trees; do
  run "$LATHE" script fit.lua $family whole
  status "$family: a training runs undisturbed" 0
  killed=0
  for number in 1 2 3; do
    was=$(cat checkpoint 2>/dev/null | cksum)
    "$LATHE" script fit.lua $family part checkpoint >/dev/null 2>&1 &
    pid=$!
    # until it has written a checkpoint of its own
    while kill -0 $pid 2>/dev/null && [ "$(cat checkpoint 2>/dev/null | cksum)" = "$was" ]; do :; done
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
    [ $? -eq 137 ] && killed=$((killed + 1))
  done
  echo "# killed $killed times"
  if [ -f checkpoint ]; then
    run "$LATHE" script fit.lua $family part checkpoint 1
    has "$family: a checkpoint that is longer than the training is refused" "$err" ", more than 1; give more "
    run "$LATHE" script fit.lua $family part checkpoint 300 7
    has "$family: and that of another seed" "$err" "checkpoint: the checkpoint is of other rows or options than these; delete it"
  fi
  run "$LATHE" script fit.lua $family part checkpoint
  status "$family: one that was killed goes on" 0
  is "$family: to the same bytes" "$(cksum <part)" "$(cksum <whole)"
  is "$family: and its checkpoint is gone" "$(ls checkpoint 2>/dev/null)" ""
done
finish
