/* interrupt.c - how a running Lua call is stopped, compiled or not.
 *
 * A hook is never seen by a compiled trace, and setting one from another thread is unsafe. So:
 *   1. LuaJIT's profiler runs in line mode ("l") with an interval that never ends: its only effect is that
 * each trace carries a check.
 *   2. The watcher sets `wanted`, and signals the Lua thread: SIGPROF makes the check fire, `leave_traces`
 * switches the compiler off and throws the traces away; then SIGUSR1, every few milliseconds until the call
 * is back, sets a hook (on the Lua thread itself, where that is allowed) that raises. A loop of pcalls dies
 * too, because the hook raises again.
 *   3. The call that ends clears the hook and switches the compiler on again. */
#include "interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <luajit.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "../base/progress.h"

static lua_State *lua;
static pthread_t lua_thread;
static atomic_bool wanted, seen, terminated;
static atomic_int depth, held, presses;
static int wake[2]; /* a pipe: signal handlers write a byte, the watcher reads it */

static void raise_interrupted(lua_State *state, lua_Debug *where) {
  (void)where;
  if (!atomic_load(&wanted)) return;
  lua_pushliteral(state, "interrupted");
  lua_error(state);
}

static void leave_traces(void *data, lua_State *state, int samples, int vm_state) {
  (void)data, (void)samples, (void)vm_state;
  if (!atomic_load(&wanted)) return;
  luaJIT_setmode(state, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_FLUSH);
  luaJIT_setmode(state, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
}

static void set_hook(int signal_number) {
  (void)signal_number;
  if (atomic_load(&wanted)) lua_sethook(lua, raise_interrupted, LUA_MASKCOUNT, 1);
}

static void wake_watcher_with(char byte) {
  if (write(wake[1], &byte, 1) < 0) { /* a full pipe: the watcher is awake anyway */
  }
}

/* Who presses Ctrl-C for the third time wants out, even of a C call that does not look at its cancel flag. */
static void note_signal(int signal_number) {
  int before = errno;
  if (signal_number == SIGINT && atomic_fetch_add(&presses, 1) >= 2) {
    signal(SIGINT, SIG_DFL);
    raise(SIGINT);
  }
  wake_watcher_with(signal_number == SIGTERM ? 't' : 'i');
  errno = before;
}
static void wake_watcher(void) {
  wake_watcher_with('i');
}

static void stop_lua(void) {
  atomic_store(&wanted, true);
  pthread_kill(lua_thread, SIGPROF);
  while (atomic_load(&wanted)) {
    pthread_kill(lua_thread, SIGUSR1);
    nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
  }
}

static void *watch(void *unused) {
  (void)unused;
  char byte;
  for (;;) {
    ssize_t got = read(wake[0], &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return NULL;
    if (byte == 't')
      atomic_store(&terminated, true);
    else
      atomic_store(&seen, true);
    lathe_progress_cancel(lathe_progress_main());
    if (atomic_load(&depth) > atomic_load(&held)) stop_lua();
  }
}

static void handle(int signal_number, void (*handler)(int)) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
  sigemptyset(&action.sa_mask);
  sigaction(signal_number, &action, NULL);
}

void lathe_interrupt_start(lua_State *state) {
  lua = state;
  lua_thread = pthread_self();
  if (pipe2(wake, O_CLOEXEC) != 0) return;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t watcher;
  bool watched = pthread_create(&watcher, NULL, watch, NULL) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (!watched) return;
  pthread_detach(watcher);
  luaJIT_profile_start(state, "li1000000", leave_traces, NULL);
  handle(SIGUSR1, set_hook);
  signal(SIGXFSZ, SIG_IGN); /* a file beyond the limit (ulimit -f) is a failed write, not the end */
  handle(SIGINT, note_signal);
  handle(SIGTERM, note_signal);
  handle(SIGPIPE, SIG_IGN);
  lathe_interrupt_handler(wake_watcher);
}

int lathe_interrupt_call(lua_State *state, int arguments, int results, int handler) {
  atomic_fetch_add(&depth, 1);
  int status = lua_pcall(state, arguments, results, handler);
  atomic_fetch_sub(&depth, 1);
  if (atomic_exchange(&wanted, false)) {
    lua_sethook(state, NULL, 0, 0);
    luaJIT_setmode(state, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_ON);
  }
  return status;
}

int lathe_interrupt_hold(int level) {
  return atomic_exchange(&held, level);
}

int lathe_interrupt_level(void) {
  return atomic_load(&depth);
}

bool lathe_interrupt_seen(void) {
  return atomic_load(&seen);
}

bool lathe_interrupt_terminated(void) {
  return atomic_load(&terminated);
}

void lathe_interrupt_clear(void) {
  atomic_store(&presses, 0);
  atomic_store(&seen, false);
  lathe_progress_reset(lathe_progress_main());
}
