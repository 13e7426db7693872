#!/bin/sh
# Files, bundles and calls that cannot do: each is answered with one sentence, and nothing is left half-written.
. "$LATHE_TOP/tests/cli/tap.sh"

# refuses STATUS TEXT WORD...: lathe with these words ends so, and says TEXT in its one sentence.
refuses() {
  wanted=$1
  sentence=$2
  shift 2
  run "$LATHE" "$@"
  if [ "$status" -eq "$wanted" ] && grep -qF -- "$sentence" "$err" && [ "$(wc -l <"$err")" -eq 1 ] &&
    grep -q '^lathe: ' "$err" && ! grep -qE 'traceback|attempt to|bad argument|lua/lathe/' "$err"; then
    pass "lathe $(printf '%.60s' "$*"): $(printf '%.60s' "$sentence")"
  else
    fail "lathe $*" "exit status $status, not $wanted; want: $sentence" "$(head -n 5 "$err")"
  fi
}

# ---- what stands in for a table ----
: >empty.csv
echo 'a,b,c' >header.csv
printf 'a,b,c\n1,2,3\n4,5\n' >ragged.csv
printf 'a,b\n1,2\n\000\000,3\n' >nul.csv
printf '\377\376\001\002\003' >binary.csv
printf '\037\213\010\000zzzz' >packed.csv
printf '\n\n' >blank.csv
mkdir folder.csv
{ printf 'a,b\n1,' && head -c 1000000 /dev/zero | tr '\0' x && printf '\n2,y\n'; } >wide.csv
{
  echo x,k,d,y
  for row in $(seq 60); do echo "$row,$(echo abc | cut -c $((row % 3 + 1))),2020-01-0$((row % 9 + 1)),$((row * 2 + row * row % 7))"; done
} >good.csv
refuses 1 'there is no file no.csv' profile no.csv
refuses 1 'empty.csv: the file is empty' profile empty.csv
refuses 1 'nothing but blank lines' profile blank.csv
refuses 1 'has only 2 cells, but there are 3 columns' profile ragged.csv
refuses 1 'nul.csv:3:1: there is a NUL byte' profile nul.csv
refuses 1 'UTF-16' profile binary.csv
refuses 1 'packed.csv: the gzip data end in the middle' profile packed.csv
refuses 1 'is a folder' profile folder.csv
refuses 1 '/dev/zero is a device' profile /dev/zero
refuses 1 'is a folder' eval 'lathe.read "folder.csv"'
refuses 1 'is a folder' step ingest.read --path folder.csv
run "$LATHE" profile header.csv
status "a header alone is a table without rows" 0
run "$LATHE" profile wide.csv
status "a cell of a megabyte can be looked at" 0
if [ "$(wc -c <"$out")" -lt 10000 ]; then pass "and is cut"; else fail "and is cut" "$(wc -c <"$out") bytes"; fi
printf '"c\033[31md","a\nb"\n1,2\n3,4\n' >escape.csv
run "$LATHE" profile escape.csv
is "what a column's name says does nothing to the terminal" "$(tr -d '\n' <"$out" | tr -dc '\000-\037' | wc -c)" 0

# ---- training ----
fit() { echo "lathe.fit(lathe.read '$1', lathe.recipe { target = '${2:-y}' }:impute():encode():scale(), lathe.linear {})"; }
printf 'x,y\n1,a\n2,b\n3,a\n' >text.csv
printf 'x,y\n1,7\n2,7\n3,7\n4,7\n' >flat.csv
printf 'a,b,c,y\n1,2,3,4\n2,3,5,5\n' >few.csv
printf 'x,y\n1,2\n' >one.csv
printf 'x,y\n1,2\n2,3\ninf,4\n4,5\n' >infinite.csv
printf 'x,y\n1,2\n2,3\n3,inf\n4,5\n' >infinite-target.csv
printf 'x,y\n1,\n2,\n3,\n' >no-target.csv
refuses 1 'the target "y" is text' eval "$(fit text.csv)"
refuses 1 'there is no column "why"' eval "$(fit good.csv why)"
refuses 1 'is 7 in every row' eval "$(fit flat.csv)"
refuses 1 'cannot determine' eval "$(fit few.csv)"
refuses 1 'cannot determine' eval "$(fit one.csv)"
refuses 1 'row 3 of "x" is infinite' eval "$(fit infinite.csv)"
refuses 1 'row 3 of the target "y" is infinite' eval "$(fit infinite-target.csv)"
refuses 1 'the target "y" is missing' eval "$(fit no-target.csv)"
printf 'x,gone,same,y\n1,,5,2\n2,,5,4\n3,,5,7\n4,,5,8\n5,,5,9\n6,,5,13\n' >odd.csv
run "$LATHE" eval "$(fit odd.csv)"
status "a column without values and one with a single value are left to the notes" 0

# ---- predicting ----
run "$LATHE" eval "$(fit good.csv):save 'm.lathe':export 'm.onnx'"
status "a model is there" 0
printf 'x,k,d\n1,never,2020-01-01\n,,\n' >unknown.csv
printf 'x,d\n1,2020-01-01\n' >gone.csv
printf 'x,k,d\nhello,a,2020-01-01\n' >typed.csv
run "$LATHE" predict m.lathe unknown.csv
status "a text that training did not see, and a row without values, are predicted" 0
is "with numbers" "$(grep -cE '^-?[0-9.]+$' "$out")" 2
refuses 1 'the model takes a column "k"' predict m.lathe gone.csv
refuses 1 'column "x" is string, but the model was trained on int64' predict m.lathe typed.csv
refuses 2 'would be written over m.lathe' predict m.lathe good.csv --output ./m.lathe
refuses 2 'would be written over good.csv' predict m.lathe good.csv --output good.csv

# ---- bundles ----
: >empty.lathe
head -c 900 m.lathe >cut.lathe
head -c "$(($(wc -c <m.lathe) - 1))" m.lathe >short.lathe
cp m.lathe flipped.lathe
printf '\125' | dd of=flipped.lathe bs=1 seek=$(($(wc -c <m.lathe) - 3)) conv=notrunc 2>/dev/null
for door in "predict MODEL good.csv" "export MODEL --output new.onnx" "serve MODEL" "step evaluate.regression MODEL good.csv"; do
  # shellcheck disable=SC2086
  refuses 1 'bytes of it have changed' $(echo "$door" | sed "s/MODEL/flipped.lathe/")
done
refuses 1 'there is no file no.lathe' predict no.lathe good.csv
refuses 1 'empty.lathe is empty' predict empty.lathe good.csv
refuses 1 'not a sound safetensors file' predict cut.lathe good.csv
refuses 1 'an array lies outside' predict short.lathe good.csv
refuses 1 'm.onnx is no safetensors file' predict m.onnx good.csv
refuses 1 'm.onnx is no safetensors file' serve m.onnx
refuses 1 'folder.csv is a folder' serve folder.csv
is "no file was written" "$(ls new.onnx 2>/dev/null)" ""

# ---- outputs ----
echo old >kept.csv
refuses 1 'its folder is not there' predict m.lathe good.csv --output no/folder.csv
refuses 1 'it is a folder' predict m.lathe good.csv --output folder.csv
refuses 1 'its folder is not there' export m.lathe --output no/m.onnx
refuses 2 'the name of an .onnx file' export m.lathe --output m.pdf
if [ -w /dev/full ]; then
  refuses 1 'No space left' predict m.lathe good.csv --output /dev/full
  "$LATHE" predict m.lathe good.csv >/dev/full 2>"$err"
  is "an output that is full is a failure" "$? $(grep -c 'could not be written' "$err")" "1 1"
fi
(
  ulimit -f 1
  exec "$LATHE" eval 'lathe.read("wide.csv"):write "kept.csv"' >"$out" 2>"$err"
)
is "a file that grows too large is a failure" "$? $(grep -c 'cannot write kept.csv' "$err")" "1 1"
is "and the old one stays" "$(cat kept.csv)" "old"

echo old >closed.csv
chmod 600 closed.csv
ln -s closed.csv link.csv
run "$LATHE" predict m.lathe good.csv --output link.csv
is "what is written anew stays closed to others, and a link a link" \
  "$(stat -c %a closed.csv) $(readlink link.csv) $(head -n 1 closed.csv)" "600 closed.csv y"

# ---- calls of Lua ----
cat >calls.lua <<'END'
local t, m = lathe.read "good.csv", lathe.open "m.lathe"
for _, call in ipairs {
  "t:write()", "t:save()", "t:write(3)", "t:save 'a\\0b'", "lathe.read()", "lathe.read 'a\\0b'", "lathe.read('good.csv', 3)",
  "lathe.read('good.csv', { types = { 3 } })", "lathe.open()", "lathe.open ''", "t:head 'a'", "t:head(-1)", "t:take(3)", "t:take { 0 }",
  "t:take { 1.5 }", "t:take { 'a' }", "t:rename(3)", "t:rename { x = 3 }", "t:with(3, {})", "t:column(3)", "t:select(3)", "t.rows()",
  "t:split { test = 'a' }", "lathe.fit()", "lathe.fit(t)", "lathe.recipe(3)", "m:save()", "m:export()", "m:predict()", "m:evaluate(3)",
} do
  local fine, problem = pcall(load("local t, m = ... return " .. call), t, m)
  if fine or type(problem) ~= "string" or problem:find "bad argument" or problem:find "attempt" or problem:find "%.lua:" then
    print(call, problem)
  end
end
END
run "$LATHE" script calls.lua
is "each wrong call of Lua is answered with a sentence" "$status $(cat "$out" "$err")" "0 "

# ---- wrong calls ----
refuses 2 'did you mean `lathe run`?' rnu
refuses 2 'no option --nope' --nope
refuses 2 'no option --nope' run --nope good.lua
refuses 2 'not -1' --threads -1 eval 1
refuses 2 'takes a number' --threads many eval 1
refuses 2 'there is no step "train.liner"' step train.liner good.csv
refuses 2 'needs a terminal' good.csv
refuses 1 'there is no such file or folder' no/such.csv
refuses 2 'is not an address to listen on' serve m.lathe --listen 127.0.0.1:99999
refuses 1 'is not an address of this machine' serve m.lathe --listen 192.0.2.1:8080
refuses 1 'there is no project here' runs

run "$LATHE" eval 'error "boom"'
is "an error of the user's code is what is said" "$(cat "$err")" "lathe: boom"
"$LATHE" profile good.csv >&- 2>"$err" </dev/null
is "a closed standard output is a failure" "$? $(grep -c 'could not be written' "$err")" "1 1"
for _ in 1 2 3; do
  rm -f closed.onnx
  "$LATHE" export m.lathe --output closed.onnx >&- 2>&- <&- && cmp -s closed.onnx m.onnx && echo same
done >closed
is "closed standard files are not mixed up with others" "$(cat closed | tr '\n' ' ')" "same same same "

is "nothing is left half-written" "$(find . -name '*.tmp')" ""
finish
