#!/bin/sh
# make install and uninstall: the installed program stands alone, and nothing of it stays behind.
. "$LATHE_TOP/tests/cli/tap.sh"

make_here() {
  env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C "$LATHE_BUILD" "$@" DESTDIR="$folder/root" >"$out" 2>"$err"
}

if ! command -v make >/dev/null 2>&1; then
  skip "make install" "there is no make"
  finish
fi
make_here install
is "make install succeeds" "$?" 0
bin=$(find "$folder/root" -name lathe -path '*/bin/*')
prefix=${bin%/bin/lathe}
mkdir project
cd project || exit 1
run env -u LUA_PATH "$bin" run "$prefix/share/lathe/examples/house-prices/flow.lua"
status "the installed program runs the installed example" 0
has "with every step" "$out" "14 steps"
run env -u LUA_PATH "$bin" eval 'require("lathe.place").plugins'
is "it uses the plugins of its own prefix" "$(cat "$out")" "$prefix/share/lathe/plugins"
run env -u LUA_PATH "$bin" doctor
lacks "the doctor finds no broken plugin" "$out" "plugins/"
if command -v luajit >/dev/null 2>&1 && [ -z "$SANITIZE_FLAGS" ]; then
  run env LUA_PATH="$prefix/share/lua/5.1/?.lua;$prefix/share/lua/5.1/?/init.lua" luajit -e 'print(require("lathe").table{ x = { 1, 2 } }:rows())'
  is "plain luajit uses the installed library" "$(cat "$out")" 2
fi
library=$(dirname "$(find "$folder/root" -name liblathe.so)")
cat >../use.c <<'E2'
#include <lathe.h>
#include <stdio.h>
int main(void) {
  char hash[33];
  lathe_hash_bytes("hello", 5, hash);
  return puts(hash) < 0;
}
E2
if [ -n "$CC" ]; then
  # shellcheck disable=SC2086
  run $CC $SANITIZE_FLAGS -I"$(dirname "$(find "$folder/root" -path '*/include/*' -name lathe.h)")" -o ../use ../use.c -L"$library" -llathe \
    -Wl,-rpath,"$library"
  run ../use
  is "a C program uses the installed header and library" "$(cat "$out")" b5e9c1ad071b3e7fc779cfaa5e523818
fi
cd ..
make_here uninstall
is "make uninstall succeeds" "$?" 0
is "and leaves nothing" "$(find "$folder/root" -type f -o -type l)" ""
finish
