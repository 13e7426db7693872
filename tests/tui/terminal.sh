# A real terminal for tests of the screen: tmux on a socket of its own. Sourced after tests/cli/tap.sh.
#   open_screen WIDTH HEIGHT WORD...   start a shell in a window of that size, and in it the command
#   keys KEY...                        press keys (tmux's names)
#   text TEXT                          type text
#   sees SENTENCE TEXT                 a test: TEXT (plain) is on the screen before the patience ends
#   unseen SENTENCE TEXT               a test: TEXT is gone before the patience ends
#   wait_for TEXT                      the same as sees, but no test when it holds
if ! command -v tmux >/dev/null; then
  skip "the screen in a terminal" "tmux is not installed"
  finish
fi
export XDG_STATE_HOME="$folder/state" XDG_DATA_HOME="$folder/share" TERM=xterm-256color
unset NO_COLOR
socket=lathe-test-$$
mux() { tmux -L "$socket" -f /dev/null "$@"; }

close_screens() { mux kill-server 2>/dev/null; }
trap 'close_screens; cd / && rm -rf "$folder"' EXIT

open_screen() {
  width=$1
  height=$2
  shift 2
  mux has-session -t base 2>/dev/null || mux new-session -d -s base cat # keeps the server
  mux kill-session -t lathe 2>/dev/null
  mux new-session -d -s lathe -x "$width" -y "$height" "stty -g >before; $*; echo status \$?; stty -g >after; echo gone >gone; exec cat"
  mux set-option -g escape-time 0 >/dev/null 2>&1
}

keys() { mux send-keys -t lathe "$@"; }
text() { mux send-keys -t lathe -l "$1"; }
picture() { mux capture-pane -p -t lathe; }

# The process that the window's shell runs: this test's own program, whatever else runs on the machine.
program_of_pane() {
  shell=$(mux display-message -p -t lathe '#{pane_pid}')
  tr -d ' ' <"/proc/$shell/task/$shell/children"
}

# Try a condition a few hundred times for 5 seconds and more.
until_true() {
  tries=0
  until "$@"; do
    tries=$((tries + 1))
    [ $tries -gt 200 ] && return 1
    sleep 0.025
  done
}
shows() { picture | grep -qF -- "$1"; }
printed() { mux capture-pane -p -S - -t lathe | grep -qF -- "$1"; } # scrolled away or not
shows_not() { ! shows "$1"; }
wait_for() { until_true shows "$1" || fail "the screen shows $1" "$(picture)"; }
sees() { if until_true shows "$2"; then pass "$1"; else fail "$1" "want: $2" "$(picture)"; fi; }
unseen() { if until_true shows_not "$2"; then pass "$1"; else fail "$1" "unwanted: $2" "$(picture)"; fi; }
there() { [ -s "$1" ]; }

# What stands on the console's input line.
input() { picture | sed -n 's/^ > //p' | tail -n 1 | sed 's/ *$//'; }
typed() { [ "$(input)" = "$1" ]; }
