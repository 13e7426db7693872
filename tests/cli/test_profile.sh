#!/bin/sh
# lathe profile: the report, its JSON, and one sentence for each kind of bad file.
. "$LATHE_TOP/tests/cli/tap.sh"

run "$LATHE" profile "$LATHE_TOP/share/examples/house-prices/california-housing.csv"
status "a report is made" 0
has "what is missing" "$out" 'total_bedrooms: 207 missing (1.0 %)'
has "the step that mends it" "$out" 'clean.drop_missing { columns = { "total_bedrooms" } }'
has "what is capped" "$out" '965 rows (4.7 %) share the largest value, 500,001'
lacks "no escapes into a file" "$out" "$(printf '\033')"

printf 'zip;pay\n01234;1,5\n?;2,5\n' >de.csv
run "$LATHE" profile de.csv --json --type pay=string --missing '?'
status "JSON is made" 0
"$LATHE" eval 'local r = lathe.json.decode(io.read "*a") local s = r.summaries return r.title, s[1].type, s[1].missing, s[2].type' <"$out" >plain
is "with all numbers behind the report" "$(tr '\n' ' ' <plain | tr -d '"')" "de.csv string 1 string "

bad() {
  run "$LATHE" profile "$@"
  status "$sentence: exit status" 1
  is "$sentence: one line" "$(wc -l <"$err") $(wc -c <"$out")" "1 0"
  has "$sentence" "$err" "$want"
}
: >empty.csv
printf 'a,b\n1,2\n3\n' >ragged.csv
printf 'a,b\n1,\0\n' >nul.csv
printf 'a,b\n1,"x\n' >open.csv
head -c 4096 "$LATHE" >binary.csv
sentence="no such file" want="none.csv" bad none.csv
sentence="a folder" want="$folder" bad "$folder"
sentence="an empty file" want="empty.csv: the file is empty; " bad empty.csv
sentence="ragged rows" want='ragged.csv:3:1: the row that begins with "3" has only 1 cell, but there are 2 columns; ' bad ragged.csv
sentence="a NUL byte" want="nul.csv:2:3: there is a NUL byte" bad nul.csv
sentence="an open quote" want="open.csv:2:3: the quote that opens here is never closed; " bad open.csv
sentence="a binary file" want="binary.csv:1:" bad binary.csv
sentence="a wrong type" want='de.csv:2:1: "01234" is not true or false (column "zip"); ' bad de.csv --type zip=bool
run "$LATHE" profile de.csv --type zip
status "--type without a type is a wrong call" 2
printf 'a,b\n' >header.csv
run "$LATHE" profile header.csv
status "a header only has a report" 0
finish
