#!/bin/sh
# A training that is killed (kill -9) goes on from its checkpoint to the bytes that it would have come to.
. "$LATHE_TOP/tests/cli/tap.sh"

cat >fit.lua <<'END'
local name, out, checkpoint, length, seed = ...
local x, kind, y, z = {}, {}, {}, {}
for row = 1, 3000 do
  x[row], kind[row] = (row * 7919) % 3001 / 3001, ("abcdefg"):sub(row % 7 + 1, row % 7 + 1)
  y[row], z[row] = math.sin(10 * x[row]) * (row % 7), x[row] * (row % 3)
end
local t = lathe.table { { "x", x }, { "kind", kind }, { "y", y }, { "z", z } }
local of = {
  boosting = { "boosting", "y", "rounds", 300, { row_share = 0.5 } },
  forest = { "forest", "y", "trees", 120, {} },
  extra_trees = { "extra_trees", "y", "trees", 120, {} },
  network = { "network", "y", "epochs", 60, { batch = 64, dropout = 0.1, schedule = "plateau" } },
  two_targets = { "network", { "y", "z" }, "epochs", 60, { batch = 64, validation = 0.1, patience = 0 } },
}
local family, target, what, most, options = unpack(of[name])
options[what], options.seed = tonumber(length) or most, tonumber(seed)
options.checkpoint, options.checkpoint_every = checkpoint, 3
local recipe = lathe.recipe { target = target, features = { "x", "kind" } }:encode { method = "ordinal" }
lathe.fit(t, recipe, lathe[family](options)):save(out)
END

for name in boosting forest extra_trees network two_targets; do
  run "$LATHE" script fit.lua $name whole
  status "$name: a training runs undisturbed" 0
  killed=0
  for number in 1 2 3; do
    was=$(cat checkpoint 2>/dev/null | cksum)
    "$LATHE" script fit.lua $name part checkpoint >/dev/null 2>&1 &
    pid=$!
    # until it has written a checkpoint of its own
    while kill -0 $pid 2>/dev/null && [ "$(cat checkpoint 2>/dev/null | cksum)" = "$was" ]; do :; done
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
    [ $? -eq 137 ] && killed=$((killed + 1))
  done
  echo "# $name was killed $killed times"
  if [ -f checkpoint ]; then
    run "$LATHE" script fit.lua $name part checkpoint 1
    has "$name: a checkpoint that is longer than the training is refused" "$err" ", more than 1; give more "
    run "$LATHE" script fit.lua $name part checkpoint 300 7
    has "$name: and that of another seed" "$err" "checkpoint: the checkpoint is of other rows or options than these; delete it"
  fi
  run "$LATHE" script fit.lua $name part checkpoint
  status "$name: one that was killed goes on" 0
  is "$name: to the same bytes" "$(cksum <part)" "$(cksum <whole)"
  is "$name: and its checkpoint is gone" "$(ls checkpoint 2>/dev/null)" ""
done

# In a flow a training has a checkpoint by itself.
seq 3000 | awk 'BEGIN { print "x,y" } { printf "%.4f,%.4f\n", $1 * 7919 % 3001 / 3001, sin($1 * 7919 % 3001 / 300) }' >rows.csv
cat >flow.lua <<'END'
local flow = lathe.flow "long"
flow.rows = flow:step "ingest.read" { path = "rows.csv" }
flow.model = flow:step "train.network" { flow.rows, target = "y", epochs = 200, batch = 32 }
flow.bundle = flow:step "export.bundle" { flow.model, path = "long.lathe" }
return flow
END
run "$LATHE" run flow.lua --project whole.project
status "a flow trains undisturbed" 0
"$LATHE" run flow.lua --project killed.project >/dev/null 2>&1 &
pid=$!
while kill -0 $pid 2>/dev/null && ! ls killed.project/.lathe/checkpoints/* >/dev/null 2>&1; do :; done
kill -9 $pid 2>/dev/null
wait $pid 2>/dev/null
ls killed.project/.lathe/checkpoints | sed 's/^.*$/# killed with a checkpoint/'
run "$LATHE" run flow.lua --project killed.project
status "one that was killed while it trained goes on" 0
is "to the same bytes" "$(cksum <killed.project/long.lathe)" "$(cksum <whole.project/long.lathe)"
is "and leaves no checkpoint" "$(ls killed.project/.lathe/checkpoints)" ""
finish
