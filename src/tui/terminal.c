#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <ncurses.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include "../base/file.h"

/* The signals that end the process at once, and those that ask for something. */
static const int deadly[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
static const int asking[] = {SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGWINCH};
enum { DEADLY = sizeof deadly / sizeof *deadly, ASKING = sizeof asking / sizeof *asking };
enum { STREAMS = 2 };

static struct {
  SCREEN *screen;
  WINDOW *keys; /* a pad, for reading keys from it refreshes nothing */
  FILE *in, *out;
  int tty;              /* the terminal, whatever becomes of descriptors 0 to 2 */
  int wake;             /* an eventfd */
  int saved[STREAMS];   /* what standard output and error were */
  int parked[STREAMS];  /* the memory files in their place */
  off_t shown[STREAMS]; /* how much of these was read by terminal_parked */
  struct termios modes; /* as found */
  char restore[512];    /* the escapes that give the terminal back */
  size_t restore_size;
  struct sigaction old_deadly[DEADLY], old_asking[ASKING];
  bool colours, gone;
  int depth; /* colours there are */
} terminal;

static atomic_bool held;
static atomic_uint asked;
static volatile sig_atomic_t fatal;

/*** Giving it back. Only async-signal-safe calls: this runs in handlers, too. ***/

static void write_all(int to, const char *data, size_t size) {
  while (size > 0) {
    ssize_t count = write(to, data, size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    data += count;
    size -= (size_t)count;
  }
}

static void unpark(void) {
  for (int i = 0; i < STREAMS; i++)
    if (terminal.saved[i] >= 0) dup2(terminal.saved[i], i + 1);
  char block[1024];
  off_t at = 0;
  ssize_t count;
  while (terminal.parked[1] >= 0 && (count = pread(terminal.parked[1], block, sizeof block, at)) > 0) {
    write_all(STDERR_FILENO, block, (size_t)count);
    at += count;
  }
}

static void give_back(void) {
  if (!atomic_exchange(&held, false)) return;
  write_all(terminal.tty, terminal.restore, terminal.restore_size);
  tcsetattr(terminal.tty, TCSANOW, &terminal.modes);
  unpark();
}

static void on_deadly(int number, siginfo_t *info, void *context) {
  (void)context;
  if (number == SIGBUS && lathe_mapping_mend(info->si_addr)) return; /* a mapped file became shorter */
  int saved = errno;
  give_back();
  for (int i = 0; i < DEADLY; i++)
    if (deadly[i] == number) sigaction(number, &terminal.old_deadly[i], NULL);
  errno = saved;
  raise(number);
}

static void on_asking(int number) {
  int saved = errno;
  unsigned bit = TERMINAL_QUIT;
  if (number == SIGWINCH) bit = TERMINAL_RESIZED;
  if (number == SIGTSTP) bit = TERMINAL_STOP;
  if (number == SIGINT) bit = TERMINAL_INTERRUPT;
  if (bit == TERMINAL_QUIT) fatal = number;
  atomic_fetch_or(&asked, bit);
  terminal_wake();
  errno = saved;
}

static void catch_signals(bool first) {
  struct sigaction action = {.sa_flags = SA_RESTART | SA_ONSTACK};
  sigfillset(&action.sa_mask);
  action.sa_handler = on_asking;
  for (int i = 0; i < ASKING; i++) sigaction(asking[i], &action, first ? &terminal.old_asking[i] : NULL);
  action.sa_sigaction = on_deadly;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  for (int i = 0; i < DEADLY; i++) sigaction(deadly[i], &action, first ? &terminal.old_deadly[i] : NULL);
}

static void release_signals(void) {
  for (int i = 0; i < ASKING; i++) sigaction(asking[i], &terminal.old_asking[i], NULL);
  for (int i = 0; i < DEADLY; i++) sigaction(deadly[i], &terminal.old_deadly[i], NULL);
}

/*** Taking it. ***/

/* Append a capability to the escapes of give_back, without its padding ("$<5>"). */
static void will_send(const char *capability) {
  if (capability == NULL || capability == (const char *)-1) return;
  while (*capability && terminal.restore_size < sizeof terminal.restore) {
    if (capability[0] == '$' && capability[1] == '<') {
      capability = strchr(capability, '>');
      if (capability++ == NULL) return;
      continue;
    }
    terminal.restore[terminal.restore_size++] = *capability++;
  }
}

static void plan_restore(int height) {
  terminal.restore_size = 0;
  will_send("\033[?1000l\033[?1002l\033[?1003l\033[?1006l");
  will_send(tigetstr("sgr0"));
  will_send(tigetstr("op"));
  will_send(tigetstr("rmkx"));
  will_send(tigetstr("cnorm"));
  const char *leave = tigetstr("rmcup");
  if (leave == NULL || leave == (const char *)-1) { /* no second screen: below what was drawn */
    char down[32];
    snprintf(down, sizeof down, "\033[%d;1H\r\n", height);
    will_send(down);
  }
  will_send(leave);
}

static bool park(lathe_error *error) {
  fflush(stdout);
  fflush(stderr);
  for (int i = 0; i < STREAMS; i++) {
    terminal.shown[i] = 0;
    terminal.saved[i] = fcntl(i + 1, F_DUPFD_CLOEXEC, 3);
    terminal.parked[i] = memfd_create(i ? "standard error" : "standard output", MFD_CLOEXEC);
    if (terminal.saved[i] < 0 || terminal.parked[i] < 0)
      return lathe_error_system(error, "the standard streams cannot be set aside for the screen");
    fcntl(terminal.parked[i], F_SETFL, O_APPEND);
    dup2(terminal.parked[i], i + 1);
  }
  return true;
}

static void colours(void) {
  const char *none = getenv("NO_COLOR");
  terminal.colours = !(none && *none) && has_colors() && start_color() == OK;
  if (!terminal.colours) return;
  use_default_colors();
  terminal.depth = COLORS >= 256 && COLOR_PAIRS >= 300 ? 256 : 8;
  for (short i = 0; i < terminal.depth; i++) init_pair((short)(i + 1), i, -1);
  if (terminal.depth == 256)
    init_pair(258, 231, 24);
  else
    init_pair(10, COLOR_WHITE, COLOR_BLUE);
}

static void close_all(void) {
  if (terminal.in) fclose(terminal.in);
  if (terminal.out) fclose(terminal.out);
  for (int i = 0; i < STREAMS; i++) {
    if (terminal.saved[i] >= 0) close(terminal.saved[i]);
    if (terminal.parked[i] >= 0) close(terminal.parked[i]);
    terminal.saved[i] = terminal.parked[i] = -1;
  }
  if (terminal.tty >= 0) close(terminal.tty);
  terminal.in = terminal.out = NULL;
  terminal.tty = -1;
}

static bool take(lathe_error *error) {
  if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
    return lathe_error_set(error, LATHE_ERROR_UNAVAILABLE,
                           "the workbench needs a terminal for input and output; "
                           "`lathe run FLOW.lua` and `lathe eval CODE` work without one");
  const char *type = getenv("TERM");
  int status;
  if (type == NULL || *type == '\0' || setupterm(type, STDOUT_FILENO, &status) != OK ||
      tigetstr("cup") == NULL)
    return lathe_error_set(
        error, LATHE_ERROR_UNAVAILABLE,
        "the terminal type \"%s\" cannot be drawn on; set TERM, as in TERM=xterm-256color lathe",
        type ? type : "");
  setlocale(LC_CTYPE, "");
  if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0) setlocale(LC_CTYPE, "C.UTF-8");
  terminal.tty = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  int in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3), out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  if (terminal.wake < 0) terminal.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  terminal.in = in < 0 ? NULL : fdopen(in, "r");
  terminal.out = out < 0 ? NULL : fdopen(out, "w");
  if (terminal.tty < 0 || terminal.wake < 0 || !terminal.in || !terminal.out ||
      tcgetattr(terminal.tty, &terminal.modes) < 0)
    return lathe_error_system(error, "the terminal cannot be opened");
  return park(error);
}

bool terminal_start(lathe_error *error) {
  static bool first = true;
  if (first) terminal.wake = -1;
  first = false;
  terminal.tty = -1;
  terminal.saved[0] = terminal.saved[1] = terminal.parked[0] = terminal.parked[1] = -1;
  terminal.gone = false;
  fatal = 0;
  atomic_store(&asked, 0);
  if (!take(error)) {
    unpark();
    close_all();
    return false;
  }
  catch_signals(true);
  set_escdelay(25);
  terminal.screen = newterm(NULL, terminal.out, terminal.in);
  if (terminal.screen == NULL) {
    release_signals();
    unpark();
    close_all();
    return lathe_error_set(error, LATHE_ERROR_UNAVAILABLE,
                           "the terminal type \"%s\" cannot be drawn on; set TERM", getenv("TERM"));
  }
  plan_restore(LINES);
  atomic_store(&held, true);
  catch_signals(false); /* ncurses put some of its own in */
  raw();
  noecho();
  nonl();
  curs_set(0);
  terminal.keys = newpad(1, 1);
  keypad(terminal.keys, TRUE);
  nodelay(terminal.keys, TRUE);
  leaveok(stdscr, FALSE);
  mousemask(BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
  mouseinterval(0);
  colours();
  return true;
}

void terminal_stop(void) {
  if (terminal.screen == NULL) return;
  if (atomic_load(&held) && !terminal.gone) {
    curs_set(1);
    endwin();
  }
  fflush(stdout);
  fflush(stderr);
  give_back();
  release_signals();
  delwin(terminal.keys);
  delscreen(terminal.screen);
  terminal.screen = NULL;
  close_all();
}

int terminal_fatal(void) {
  return fatal;
}

/*** Waiting and keys. ***/

void terminal_wake(void) {
  uint64_t one = 1;
  if (terminal.wake >= 0) {
    ssize_t ignored = write(terminal.wake, &one, sizeof one);
    (void)ignored;
  }
}

void terminal_wait(int milliseconds) {
  struct pollfd files[2] = {{.fd = terminal.tty, .events = POLLIN}, {.fd = terminal.wake, .events = POLLIN}};
  if (poll(files, 2, milliseconds) <= 0) return;
  if (files[0].revents & (POLLHUP | POLLERR | POLLNVAL)) {
    terminal.gone = true;
    atomic_fetch_or(&asked, TERMINAL_GONE);
  }
  uint64_t count;
  if (files[1].revents & POLLIN) {
    ssize_t ignored = read(terminal.wake, &count, sizeof count);
    (void)ignored;
  }
}

unsigned terminal_signals(void) {
  return atomic_exchange(&asked, 0);
}

int terminal_key(void) {
  if (terminal.gone) return KEY_NOTHING;
  wint_t character;
  int kind = wget_wch(terminal.keys, &character);
  if (kind == KEY_CODE_YES) return SPECIAL((int)character);
  if (kind != OK) return KEY_NOTHING;
  if (character != 27) return (int)character;
  kind = wget_wch(terminal.keys, &character);
  if (kind == OK && character >= ' ') return KEY_ALT + (int)character;
  if (kind == KEY_CODE_YES)
    unget_wch((wchar_t)27);
  else if (kind == OK)
    unget_wch((wchar_t)character);
  return 27;
}

void terminal_resize(void) {
  struct winsize size;
  if (ioctl(terminal.tty, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
    resizeterm(size.ws_row, size.ws_col);
  terminal_redraw();
}

void terminal_suspend(void) {
  curs_set(1);
  endwin();
  write_all(terminal.tty, terminal.restore, terminal.restore_size);
  tcsetattr(terminal.tty, TCSADRAIN, &terminal.modes);
  struct sigaction stop = {.sa_handler = SIG_DFL}, ours;
  sigaction(SIGTSTP, &stop, &ours);
  sigset_t set, old;
  sigemptyset(&set);
  sigaddset(&set, SIGTSTP);
  pthread_sigmask(SIG_UNBLOCK, &set, &old);
  kill(getpid(), SIGTSTP);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  sigaction(SIGTSTP, &ours, NULL);
  terminal_resize();
  terminal_flush();
  curs_set(0);
}

void terminal_flush(void) {
  if (!terminal.gone) doupdate();
}

void terminal_redraw(void) {
  clearok(curscr, TRUE);
}

size_t terminal_parked(char *out, size_t capacity) {
  for (int i = 0; i < STREAMS; i++) {
    ssize_t count = terminal.parked[i] < 0 ? 0 : pread(terminal.parked[i], out, capacity, terminal.shown[i]);
    if (count <= 0) continue;
    terminal.shown[i] += count;
    if (i == 0 && ftruncate(terminal.parked[0], 0) == 0) terminal.shown[0] = 0;
    return (size_t)count;
  }
  return 0;
}

/*** The palette. ***/

typedef struct look {
  int many, few;              /* foreground with 256 and with 8 colours; -1: the terminal's own */
  unsigned int with, without; /* attributes with colours and without */
} look;

static const look looks[STYLE_COUNT] = {
    [STYLE_PLAIN] = {-1, -1, A_NORMAL, A_NORMAL},
    [STYLE_BRIGHT] = {-1, -1, A_BOLD, A_BOLD},
    [STYLE_DIM] = {245, -1, A_NORMAL, A_DIM},
    [STYLE_ACCENT] = {38, COLOR_CYAN, A_BOLD, A_BOLD},
    [STYLE_WARN] = {172, COLOR_YELLOW, A_NORMAL, A_BOLD},
    [STYLE_ERROR] = {167, COLOR_RED, A_NORMAL, A_BOLD},
    [STYLE_GOOD] = {71, COLOR_GREEN, A_NORMAL, A_NORMAL},
    [STYLE_CHOSEN] = {257, 9, A_NORMAL, A_REVERSE},
    [STYLE_RULE] = {240, -1, A_NORMAL, A_DIM},
};

bool terminal_coloured(void) {
  return terminal.colours;
}

pen terminal_pen(style name) {
  const look *chosen = &looks[name];
  if (!terminal.colours) return (pen){.attributes = chosen->without};
  int colour = terminal.depth == 256 ? chosen->many : chosen->few;
  unsigned int attributes = chosen->with;
  if (terminal.depth == 8 && (name == STYLE_DIM || name == STYLE_RULE)) attributes = A_DIM;
  return (pen){.attributes = attributes, .pair = (short)(colour + 1)};
}

pen terminal_colour(pen from, int colour) {
  if (!terminal.colours) return from;
  if (colour >= terminal.depth) colour = colour < 16 ? colour - 8 : COLOR_CYAN;
  from.pair = (short)(colour + 1);
  return from;
}
