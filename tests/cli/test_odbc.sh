#!/bin/sh
# A PostgreSQL server of this test's own, on loopback with its socket in its own folder, asked by ODBC. It is stopped whatever happens.
programs=$(find /usr/lib/postgresql/*/bin -name initdb 2>/dev/null | sort | tail -1)
programs=${programs%/initdb}
if [ -z "$programs" ] || ! odbcinst -q -d 2>/dev/null | grep -q 'PostgreSQL Unicode'; then
  echo "ok 1 - databases are asked by ODBC # SKIP postgresql or odbc-postgresql is not installed"
  echo "1..1"
  exit 0
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/lathe-odbc-XXXXXX") || exit 1
base=$folder/base
as_user() { "$@"; }
if [ "$(id -u)" -eq 0 ]; then # a server refuses root
  user=$(id -u postgres 2>/dev/null || id -u nobody)
  group=$(id -g postgres 2>/dev/null || id -g nobody)
  chown "$user:$group" "$folder"
  as_user() { setpriv --reuid="$user" --regid="$group" --clear-groups env HOME="$folder" "$@"; }
fi
stop() {
  as_user "$programs/pg_ctl" -D "$base" -m immediate -w stop >/dev/null 2>&1
  cd / && rm -rf "$folder"
}
trap stop EXIT
trap 'exit 1' INT TERM HUP
cd "$folder" || exit 1

LATHE_ODBC_PASSWORD=wood-$$-shavings
printf '%s' "$LATHE_ODBC_PASSWORD" >word
chmod 644 word
as_user "$programs/initdb" -D "$base" -U reader -A scram-sha-256 --pwfile=word -E UTF8 --locale=C -N >log 2>&1 || {
  sed 's/^/# /' log
  echo "not ok 1 - a server is made"
  echo "1..1"
  exit 1
}
port=$((20000 + $$ % 20000))
for _ in 1 2 3 4 5 6 7 8; do
  as_user "$programs/pg_ctl" -D "$base" -w -l "$base/log" -o "-p $port -k $folder -c listen_addresses=127.0.0.1 -c fsync=off" \
    start >/dev/null 2>&1 && break
  port=$((port + 101))
done
export LATHE_ODBC_PORT=$port LATHE_ODBC_PASSWORD
export LATHE_ODBC="Driver=PostgreSQL Unicode;Server=127.0.0.1;Port=$port;Database=postgres;UID=reader;PWD=$LATHE_ODBC_PASSWORD"
mkdir work
cd work || exit 1
"$LATHE" script "$LATHE_TOP/tests/cli/odbc.lua"
