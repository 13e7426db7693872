#!/bin/sh
# The console in lines, on a terminal: Ctrl-C stops a line and not the program, Ctrl-D ends it.
. "$LATHE_TOP/tests/cli/tap.sh"

if ! command -v tmux >/dev/null; then
  skip "the console on a terminal" "no tmux"
  finish
fi

socket=lathe-repl-$$
terminal() { tmux -L "$socket" -f /dev/null "$@"; }
trap 'terminal kill-server 2>/dev/null; cd / && rm -rf "$folder"' EXIT

# Wait until TEXT stands on the screen; give up after ten seconds.
shows() {
  for _ in $(seq 200); do
    terminal capture-pane -p >"$out" 2>/dev/null
    if grep -qF -- "$2" "$out"; then
      pass "$1"
      return
    fi
    sleep 0.05
  done
  fail "$1" "want: $2" "on the screen:" "$(cat "$out")"
}

keys() { terminal send-keys "$@"; }

terminal new-session -d -x 80 -y 24 "'$LATHE' repl; echo left with \$?; exec cat"
shows "it greets" "Ctrl-D ends it."
keys '6 * 7' Enter
shows "it prints values" "42"
keys 'for i = 1, 2 do' Enter
shows "an incomplete statement asks for more" ">>"
keys -l 'print(i + 70)'
keys Enter
keys -l 'end' # a key has that name, too
keys Enter
shows "a statement over several lines runs" "72"
keys 'if true then' Enter
shows "a block is begun" "if true then"
keys C-c
shows "Ctrl-C is seen at the prompt" "^C"
keys '"fresh" .. "ly"' Enter
shows "Ctrl-C at the prompt forgets the lines before" "freshly"
keys 'print("go" .. "ing") while true do end' Enter
shows "a loop runs" "going"
keys C-c
shows "Ctrl-C stops a line" "interrupted"
keys '"still " .. "here"' Enter
shows "and not the program" "still here"
keys C-d
shows "Ctrl-D ends it with success" "left with 0"

finish
