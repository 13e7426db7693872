#!/bin/sh
# lathe doctor: what this machine has and lacks.
. "$LATHE_TOP/tests/cli/tap.sh"

run "$LATHE" doctor
healthy=$status
has "the doctor tells the version" "$out" "$("$LATHE" --version | cut -d' ' -f2)"
for library in OpenBLAS libmicrohttpd libcurl zlib libzstd SQLite PCRE2 unixODBC DuckDB; do
  has "the doctor looks for $library" "$out" $library
done
has "the doctor shows the locale" "$out" UTF-8
has "the doctor shows how plain luajit finds lathe" "$out" "export LUA_PATH="
if grep -q '✗' "$out"; then
  status "what is missing fails" 1
  has "what is missing is named with its package" "$out" "apt install"
else
  status "nothing missing succeeds" 0
fi

path=$(sed -n "s/^export LUA_PATH='\(.*\)'$/\1/p" "$out")
if command -v luajit >/dev/null; then
  is "that LUA_PATH works" "$(LUA_PATH=$path luajit -e 'print(require("lathe").version)')" "$("$LATHE" --version | cut -d' ' -f2)"
else
  skip "that LUA_PATH works" "no luajit program here"
fi

run "$LATHE" doctor --json
is "--json has the same exit status" "$status" "$healthy"
"$LATHE" eval 'local found = lathe.json.decode(io.read "*a") return #found.libraries > 5, found.utf8, found.terminal' <"$out" >plain
is "--json is JSON" "$(tr '\n' ' ' <plain)" "true true false "

LC_ALL=C "$LATHE" doctor >"$out"
has "a locale that is not UTF-8 is warned of" "$out" "not UTF-8"

mkdir plugins
echo 'return { name = "broken", api = 1 }' >plugins/broken.lua
LATHE_PLUGINS=$folder/plugins run "$LATHE" doctor
status "a broken plugin fails" 1
has "a broken plugin is named with file and line" "$out" "plugins/broken.lua:1:"

mkdir closed && cd closed && chmod 555 .
if touch try 2>/dev/null; then
  rm -f try
  skip "a folder that cannot be written to fails" "the superuser writes anywhere"
else
  run "$LATHE" doctor
  status "a folder that cannot be written to fails" 1
  has "a folder that cannot be written to is said" "$out" "cannot be written to"
fi

finish
