#!/bin/sh
# The same flow gives the same bytes, whatever the threads and however many run at once; projects can be copied and merged.
. "$LATHE_TOP/tests/cli/tap.sh"

awk 'BEGIN {
  print "x,k,z,y"
  for (i = 0; i < 30000; i++) print i * 7 % 1009 "," substr("abc", i % 3 + 1, 1) "," (i % 11 ? i % 97 / 8 : "") "," i % 1009 * 2 + i * i % 7
}' >data.csv
cat >flow.lua <<'END'
local flow = lathe.flow "same"
flow.raw    = flow:step "ingest.read" { path = "data.csv" }
flow.tidy   = flow:step "clean.drop_duplicates" { flow.raw }
flow.parts  = flow:step "prepare.split" { flow.tidy, seed = 7 }
flow.model  = flow:step "train.linear" { flow.parts.train, target = "y" }
flow.scores = flow:step "evaluate.regression" { flow.model, flow.parts.test }
flow.small  = flow:step "compress.quantize" { flow.model }
flow.bundle = flow:step "export.bundle" { flow.model, path = "m.lathe" }
flow.onnx   = flow:step "export.onnx" { flow.small, path = "m.onnx" }
return flow
END

# All that a project keeps of its results, by name and content.
results() { (cd "$1" && find .lathe/objects m.lathe m.onnx -type f -exec sha256sum {} + | sort); }

for name in one two three; do
  threads=1
  [ $name = two ] && threads=2
  run "$LATHE" --threads $threads run flow.lua --project $name
  status "a cold run with $threads threads" 0
done
is "two threads give the same bytes as one" "$(results two)" "$(results one)"
is "and so does running it again" "$(results three)" "$(results one)"

# Four at once
pids=
for number in 1 2 3 4; do
  "$LATHE" run flow.lua --project race >"$number.out" 2>"$number.err" &
  pids="$pids $!"
done
ends=
for pid in $pids; do
  wait "$pid"
  ends="$ends $?"
done
is "four runs at once in one project all succeed" "$ends" " 0 0 0 0"
is "with the same bytes" "$(results race)" "$(results one)"
is "and four records" "$(ls race/.lathe/runs | wc -l) $(ls -A race/.lathe/tmp)" "4 "

# Copies and unions
cp -r one copy
rm copy/m.lathe
run "$LATHE" run flow.lua --project copy
has "a copied project knows what was done" "$out" "all reused"
is "and gives the files back" "$(results copy)" "$(results one)"
run "$LATHE" run flow.lua --project two --set parts.seed=8
cp two/m.lathe eight.lathe
mkdir both
cp -r one/.lathe both/
cp -r two/.lathe both/
run "$LATHE" runs --project both
is "two projects laid over each other list the runs of both" "$(grep -c ' done ' "$out")" 3
run "$LATHE" run flow.lua --project both
has "and know what was done in the one" "$out" "all reused"
run "$LATHE" run flow.lua --project both --set parts.seed=8
has "and in the other" "$out" "all reused"
is "with its bytes" "$(sha256sum <both/m.lathe)" "$(sha256sum <eight.lathe)"
run "$LATHE" models --project both
is "and list the models of both" "$(grep -c 'coefficients' "$out")" 4
if command -v rsync >/dev/null; then
  mkdir synced
  rsync -a one/.lathe synced/ && rsync -a two/.lathe synced/
  run "$LATHE" run flow.lua --project synced
  has "rsync merges too" "$out" "all reused"
else
  skip "rsync merges too" "rsync is not installed"
fi
finish
