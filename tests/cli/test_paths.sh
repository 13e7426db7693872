#!/bin/sh
# Odd names, pipes with names, folders that are closed, and memory that is too small for what is read.
. "$LATHE_TOP/tests/cli/tap.sh"

# reads NAME: the file of that name is written, read back and profiled.
reads() {
  run env NAME="$1" "$LATHE" eval 'local t, name = lathe.table { { "a", { 1, 2, 3 } } }, os.getenv "NAME" t:write(name)
    print(lathe.read(name):rows(), #lathe.read(name):profile():render() > 0)'
  has "a file is written and read: $(printf '%s' "$1" | tr '\n\351' '??')" "$out" "3	true"
  run "$LATHE" profile "$1" --json
  status "and profiled" 0
}
for name in './a b.csv' './-dash.csv' './a,b;c.csv' "./it's.csv" './$(x) `y`.csv' './q"q.csv' './[x]*?.csv' './100%d%s.csv' './ünï☃.csv'; do
  reads "$name"
done
reads "./$(printf 'new\nline').csv"
latin=$(printf './lat\351.csv')
reads "$latin"
if command -v python3 >/dev/null; then
  "$LATHE" profile "$latin" --json | python3 -c 'import json, sys; json.loads(sys.stdin.buffer.read().decode("utf-8"))' 2>"$err"
  is "the report of a name that is no UTF-8 is UTF-8" $? 0
else
  skip "the report of a name that is no UTF-8 is UTF-8" "no python3"
fi

# Pipes with names.
mkfifo in out
printf 'a,b\n1,2\n' >in &
run "$LATHE" eval 'print(lathe.read("in"):rows())'
is "a pipe with a name is read" "$(cat "$out")" 1
cat out >taken &
run "$LATHE" eval 'lathe.table { { "a", { 1, 2 } } }:write("out", { format = "csv" })'
wait
is "and written" "$(tr '\n' ' ' <taken)" "a 1 2 "
run "$LATHE" profile in --memory 100MB
has "within a memory cap it is refused before anything is taken from it" "$err" "within a memory cap a file on the disk is read"
printf 'x' >word
for code in 'lathe.read "in"' 'lathe.table { { "a", { 1, 2 } } }:write("out", { format = "csv" })'; do
  mkfifo said
  "$LATHE" eval "io.stdout:write 'ready\n' io.stdout:flush() $code" >said 2>"$err" &
  process=$!
  read -r _ <said
  rm said
  kill -INT "$process"
  wait "$process"
  is "Ctrl-C ends the waiting at the other end of a pipe" $? 130
done

# A folder that is closed.
if [ "$(id -u)" -ne 0 ]; then
  mkdir closed && printf 'a\n1\n' >closed/x.csv && chmod 555 closed
  run "$LATHE" eval 'print(lathe.read("closed/x.csv"):rows()) lathe.read("closed/x.csv"):write "closed/y.csv"'
  is "a file in a closed folder is read" "$(cat "$out")" 1
  has "and none is written" "$err" "cannot write closed/y.csv: Permission denied"
  chmod 755 closed
else
  skip "a closed folder" "root may write anywhere"
fi

# Memory.
awk 'BEGIN { print "a,b"; for (i = 0; i < 200000; i++) print i "," i "xxxxxxxxxx" }' >large.csv
run env LATHE_MEMORY=1MB "$LATHE" eval 'return lathe.read "large.csv"'
has "numbers that the memory does not hold are a sentence" "$err" "its 200000 rows take more than the 0.001 GB of memory that it may take"
run env LATHE_MEMORY=4.1MB "$LATHE" eval 'return lathe.read "large.csv"'
has "and texts" "$err" "its 200000 rows take more than the 0.0041 GB"
run env LATHE_MEMORY=20MB "$LATHE" eval 'print(lathe.read("large.csv"):rows())'
is "with more it is read" "$(cat "$out")" 200000
run env LATHE_MEMORY=some "$LATHE" eval 'return lathe.read "large.csv"'
has "a size that is none is said" "$err" "LATHE_MEMORY is a size such as \"500MB\""
run "$LATHE" profile large.csv --memory 1kB --json
has "a capped profile says what it leaves out" "$out" "Duplicate rows and associations are not looked for."
awk 'BEGIN { for (s = "x"; length(s) < 12000000;) s = s s; print "a,b"; for (i = 0; i < 2; i++) print i "," s }' >long.csv
run "$LATHE" profile long.csv --memory 32MB
has "a row that is larger than the cap is read all the same, and said" "$out" "more than the memory given holds"

finish
