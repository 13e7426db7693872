#include "screen.h"

#include <ncurses.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include "tui.h"

static screen the = {.lock = PTHREAD_MUTEX_INITIALIZER};
const view *const views[VIEW_COUNT] = {&view_flow, &view_data, &view_report, &view_models, &view_monitor};

/*** What the files of this floor share. ***/

void text_set(char **slot, const char *text) {
  char *copy = text ? lathe_memory_text(text, strlen(text), NULL) : NULL;
  free(*slot);
  *slot = copy;
}

double clock_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void wish_add(screen *s, lathe_screen_request request, const char *text) {
  if (request == LATHE_SCREEN_VIEW && s->last_wish && s->last_wish->request == request &&
      strcmp(s->last_wish->text ? s->last_wish->text : "", text) == 0)
    return; /* it will be brought up to date once */
  wish *made = lathe_memory_new(1, sizeof *made, NULL);
  if (made == NULL) return;
  made->request = request;
  text_set(&made->text, text);
  if (s->last_wish)
    s->last_wish->next = made;
  else
    s->wishes = made;
  s->last_wish = made;
  pthread_cond_signal(&s->wished);
}

void wish_line(screen *s, const char *format, ...) {
  char line[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  wish_add(s, LATHE_SCREEN_EVAL, line);
}

bool script_working(const screen *s) {
  return !s->resting;
}

void front_set(screen *s, view_name name) {
  if (s->front != name) wish_add(s, LATHE_SCREEN_VIEW, views[name]->name);
  s->front = name;
  s->dirty = true;
}

static void drop_wishes(screen *s) {
  while (s->wishes) {
    wish *gone = s->wishes;
    s->wishes = gone->next;
    free(gone->text);
    free(gone);
  }
  s->last_wish = NULL;
}

/* What Esc and Ctrl-C do while the script works. Called without the lock. */
static void stop_script(screen *s) {
  pthread_mutex_lock(&s->lock);
  bool working = script_working(s);
  drop_wishes(s);
  pthread_mutex_unlock(&s->lock);
  if (working) lathe_interrupt_request();
}

/*** The screen's thread. ***/

static void measure(screen *s) {
  bool narrower = s->width != COLS;
  s->width = COLS;
  s->height = LINES;
  s->dirty = true;
  if (narrower) wish_add(s, LATHE_SCREEN_VIEW, views[s->front]->name);
}

static void compose(screen *s) {
  erase();
  s->cursor_y = s->cursor_x = -1;
  frame_draw(s);
  curs_set(s->cursor_y >= 0);
  if (s->cursor_y >= 0) move(s->cursor_y, s->cursor_x);
  wnoutrefresh(stdscr);
  s->dirty = false;
}

static void read_parked(screen *s) {
  char text[4096];
  size_t size;
  while ((size = terminal_parked(text, sizeof text - 1)) > 0) {
    text[size] = '\0';
    console_print(&s->console, text);
    s->dirty = true;
  }
}

/* True when the screen is to end. */
static bool obey_signals(screen *s) {
  unsigned bits = terminal_signals();
  if (bits & TERMINAL_STOP) terminal_suspend();
  if (bits & (TERMINAL_RESIZED | TERMINAL_STOP)) {
    terminal_resize();
    pthread_mutex_lock(&s->lock);
    measure(s);
    pthread_mutex_unlock(&s->lock);
  }
  if (bits & TERMINAL_INTERRUPT) stop_script(s);
  if (bits & (TERMINAL_QUIT | TERMINAL_GONE)) {
    stop_script(s);
    pthread_mutex_lock(&s->lock);
    wish_add(s, LATHE_SCREEN_QUIT, "");
    pthread_mutex_unlock(&s->lock);
    return true;
  }
  return false;
}

static bool is_stop_key(const screen *s, int key) {
  enum { NOTICED = 100 }; /* milliseconds: nobody means to stop what was over before it was seen */
  if (!script_working(s) || s->overlay != OVERLAY_NONE || (clock_now() - s->busy_since) * 1000 < NOTICED)
    return false;
  return key == 27 || key == CONTROL('C');
}

/* Handle the keys that are there. */
static void obey_keys(screen *s) {
  int key;
  while ((key = terminal_key()) != KEY_NOTHING) {
    if (key == CONTROL('Z')) {
      terminal_suspend();
      key = SPECIAL(KEY_RESIZE);
    }
    if (key == CONTROL('L')) terminal_redraw();
    pthread_mutex_lock(&s->lock);
    bool stop = is_stop_key(s, key);
    if (key == SPECIAL(KEY_RESIZE) || key == CONTROL('L'))
      measure(s);
    else if (!stop && frame_key(s, key) & REDRAW)
      s->dirty = true;
    pthread_mutex_unlock(&s->lock);
    if (stop) stop_script(s);
  }
}

/* How long the screen may sleep until the next frame: while something runs it turns a spinner, while a file is walked it counts
 * its rows. */
static int patience(const screen *s, double last_frame) {
  bool moving = script_working(s) || (s->front == VIEW_DATA && grid_walks(s->grid));
  double since = clock_now() - last_frame, after = s->dirty ? 0.016 : moving ? 0.1 : 3600;
  if (since >= after) return 0;
  double wait = (after - since) * 1000 + 1;
  return wait < 1000 ? (int)wait : 1000;
}

/* The script was asked to end and does not hear: end the process as the signal would have. */
static void die(void) {
  int number = terminal_fatal() ? terminal_fatal() : SIGHUP;
  terminal_stop();
  signal(number, SIG_DFL);
  raise(number);
}

static void *run(void *argument) {
  enum { PATIENCE = 3 }; /* seconds that the script has to end when a signal asked for it */
  screen *s = argument;
  double last_frame = 0, ending = 0;
  for (bool closing = false; !closing;) {
    pthread_mutex_lock(&s->lock);
    read_parked(s);
    frame_sample(s);
    closing = s->closing;
    int wait = patience(s, last_frame);
    if (wait == 0) compose(s);
    pthread_mutex_unlock(&s->lock);
    if (wait == 0) {
      terminal_flush();
      last_frame = clock_now();
    } else if (!closing) {
      terminal_wait(ending > 0 && wait > 100 ? 100 : wait);
    }
    if (ending > 0 && clock_now() > ending + PATIENCE) die();
    if (obey_signals(s) && ending == 0) ending = clock_now();
    if (ending == 0) obey_keys(s);
  }
  return NULL;
}

/*** Opening and closing. ***/

static void free_state(screen *s) {
  drop_wishes(s);
  char **texts[] = {&s->title,         &s->busy,         &s->question,     &s->notice,
                    &s->overlay_title, &s->overlay_text, &s->palette.lines};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) text_set(texts[i], NULL);
  console_free(&s->console);
  flow_free(&s->flow);
  grid_free(s->grid);
  for (int i = 0; i < VIEW_COUNT; i++) page_free(&s->pages[i]);
  edit_free(&s->palette.input);
  form_free(&s->form);
}

static void fresh_state(screen *s, const char *title) {
  pthread_mutex_t lock = s->lock;
  memset(s, 0, sizeof *s);
  s->lock = lock;
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&s->wished, &attributes);
  pthread_condattr_destroy(&attributes);
  text_set(&s->title, title);
  s->busy_since = clock_now();
  s->dirty = true;
}

static void close_at_exit(void) {
  lathe_screen_close();
}

bool lathe_screen_open(const char *title, lathe_error *error) {
  static bool registered;
  if (the.open) return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "the screen is open already");
  if (!terminal_start(error)) return false;
  fresh_state(&the, title);
  the.width = COLS;
  the.height = LINES;
  if (!registered) atexit(close_at_exit);
  registered = true;
  sigset_t block, before; /* what stops Lua, and what others wait for, is no matter of this thread */
  sigemptyset(&block);
  sigaddset(&block, SIGPROF);
  sigaddset(&block, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &block, &before);
  int failed = pthread_create(&the.thread, NULL, run, &the);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (failed) {
    terminal_stop();
    return lathe_error_set(error, LATHE_ERROR_MEMORY, "the screen's thread cannot be started");
  }
  the.open = true;
  return true;
}

void lathe_screen_close(void) {
  if (!the.open || pthread_equal(pthread_self(), the.thread)) return;
  pthread_mutex_lock(&the.lock);
  the.closing = true;
  pthread_mutex_unlock(&the.lock);
  terminal_wake();
  pthread_join(the.thread, NULL);
  terminal_stop();
  the.open = false;
  free_state(&the);
  if (terminal_fatal()) raise(terminal_fatal());
}

/*** The script's side. ***/

static bool enter(void) {
  if (!the.open) return false;
  pthread_mutex_lock(&the.lock);
  return true;
}

static void leave(void) {
  the.dirty = true;
  pthread_mutex_unlock(&the.lock);
  terminal_wake();
}

lathe_screen_request lathe_screen_wait(int32_t milliseconds, char *text, size_t capacity) {
  if (capacity > 0) *text = '\0';
  if (!the.open) return LATHE_SCREEN_QUIT;
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += milliseconds / 1000;
  until.tv_nsec += milliseconds % 1000 * 1000000L;
  if (until.tv_nsec >= 1000000000L) {
    until.tv_sec++;
    until.tv_nsec -= 1000000000L;
  }
  pthread_mutex_lock(&the.lock);
  if (!the.resting) {
    the.resting = the.dirty = true;
    terminal_wake();
  }
  while (the.wishes == NULL && pthread_cond_timedwait(&the.wished, &the.lock, &until) == 0) continue;
  wish *next = the.wishes;
  lathe_screen_request request = LATHE_SCREEN_NOTHING;
  if (next) {
    the.wishes = next->next;
    if (the.wishes == NULL) the.last_wish = NULL;
    request = next->request;
    if (capacity > 0 && next->text) snprintf(text, capacity, "%s", next->text);
    the.resting = false;
    the.busy_since = clock_now();
  }
  pthread_mutex_unlock(&the.lock);
  if (next) {
    terminal_wake();
    free(next->text);
    free(next);
  }
  return request;
}

void lathe_screen_print(const char *text) {
  if (!enter()) return;
  console_print(&the.console, text);
  leave();
}

void lathe_screen_busy(const char *what) {
  if (!enter()) return;
  text_set(&the.busy, what);
  the.busy_since = clock_now();
  leave();
}

void lathe_screen_title(const char *title) {
  if (!enter()) return;
  text_set(&the.title, title);
  leave();
}

static void show_grid(grid *made) {
  if (made == NULL) return;
  pthread_mutex_lock(&the.lock);
  grid *old = the.grid;
  if (old) grid_place(made, old);
  the.grid = made;
  leave();
  grid_free(old);
}

void lathe_screen_table(const char *name, lathe_table *table) {
  if (the.open && table) show_grid(grid_new(name, table, NULL));
}

bool lathe_screen_file(const char *name, const char *path, const lathe_csv_options *options,
                       lathe_error *error) {
  enum { FIRST = 200 };
  if (!the.open)
    return lathe_error_set(error, LATHE_ERROR_ARGUMENT, "there is no screen to show %s on", path);
  lathe_csv_preview *preview = lathe_csv_preview_open(path, options, error);
  lathe_table *window = preview ? lathe_csv_preview_window(preview, 0, FIRST, error) : NULL;
  if (!window) {
    lathe_csv_preview_free(preview);
    return false;
  }
  show_grid(grid_new(name, window, preview));
  lathe_table_release(window);
  return true;
}

static int view_find(const char *name) {
  for (int i = 0; i < VIEW_COUNT; i++)
    if (strcmp(views[i]->name, name) == 0) return i;
  return -1;
}

void lathe_screen_report(const char *name, const char *title, const char *text) {
  int index = view_find(name);
  if (index < 0 || !enter()) return;
  page_set(&the.pages[index], title, text);
  leave();
}

void lathe_screen_front(const char *name) {
  int index = view_find(name);
  if (index < 0 || !enter()) return;
  front_set(&the, (view_name)index);
  leave();
}

void lathe_screen_text(const char *title, const char *text) {
  if (!enter()) return;
  overlay_show_text(&the, title, text);
  leave();
}

void lathe_screen_complete(const char *line, const char *words) {
  if (!enter()) return;
  console_complete(&the.console, line, words);
  leave();
}

void lathe_screen_remember(const char *line) {
  if (!enter()) return;
  console_remember(&the.console, line);
  leave();
}

void lathe_screen_trust(const char *question) {
  if (!enter()) return;
  text_set(&the.question, question);
  overlay_open(&the, OVERLAY_TRUST);
  leave();
}

int32_t lathe_screen_width(void) {
  if (!enter()) return 80;
  int32_t width = the.width < LEAST_WIDTH ? LEAST_WIDTH - 2 : the.width - 2;
  pthread_mutex_unlock(&the.lock);
  return width;
}

bool lathe_screen_coloured(void) {
  return the.open && terminal_coloured();
}

void lathe_screen_flow(const char *name, int32_t count) {
  if (!enter()) return;
  flow_begin(&the.flow, name, count);
  leave();
}

void lathe_screen_welcome(const char *text) {
  if (!enter()) return;
  text_set(&the.flow.welcome, text);
  leave();
}

void lathe_screen_node(int32_t index, const char *name, const char *step, lathe_node_state state,
                       const char *note, double seconds, const char *detail) {
  if (!enter()) return;
  flow_node(&the.flow, index,
            (node){(char *)name, (char *)step, (char *)note, (char *)detail, state, 0, seconds});
  leave();
}

void lathe_screen_palette(const char *lines) {
  if (!enter()) return;
  text_set(&the.palette.lines, lines);
  leave();
}

void lathe_screen_form_begin(const char *title, const char *doc) {
  if (!enter()) return;
  form_free(&the.form);
  text_set(&the.form.title, title);
  text_set(&the.form.doc, doc);
  leave();
}

void lathe_screen_form_field(const char *name, const char *type, const char *value, const char *choices,
                             const char *doc, bool required) {
  if (!enter()) return;
  form *f = &the.form;
  void *memory = f->fields;
  if (lathe_memory_resize(&memory, (size_t)f->count + 1, sizeof(field), NULL)) {
    f->fields = memory;
    field *made = &f->fields[f->count++];
    *made = (field){.required = required};
    text_set(&made->name, name);
    text_set(&made->type, type);
    text_set(&made->given, value);
    text_set(&made->choices, choices);
    text_set(&made->doc, doc);
    edit_set(&made->value, value ? value : "");
  }
  leave();
}

void lathe_screen_form_show(void) {
  if (!enter()) return;
  overlay_open(&the, OVERLAY_FORM);
  leave();
}

void lathe_screen_form_problem(const char *sentence) {
  if (!enter()) return;
  text_set(&the.form.problem, sentence);
  leave();
}

void lathe_screen_form_end(void) {
  if (!enter()) return;
  if (the.overlay == OVERLAY_FORM) the.overlay = OVERLAY_NONE;
  leave();
}
