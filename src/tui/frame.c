/* frame.c - where everything is: tabs on top, a rule, the view, the console, the status line; and who gets a
 * key. */
#include <ncurses.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "tui.h"

static int console_height(const screen *s) {
  if (!s->console.open) return 1;
  int third = s->height / 3;
  return third < 6 ? 6 : third;
}

area frame_view_area(const screen *s) {
  return (area){2, 0, s->height - 3 - console_height(s), s->width};
}

/*** Tabs ***/

static int tabs_width(void) {
  int total = 0;
  for (int i = 0; i < VIEW_COUNT; i++) total += 4 + (int)strlen(views[i]->label);
  return total;
}

static void draw_tabs(screen *s) {
  int x = s->width - tabs_width() - 1;
  draw_rule(1, 0, s->width);
  int used = 1 + draw(0, 1, x - 2, STYLE_ACCENT, "lathe") + 2;
  char caption[256] = "";
  if (views[s->front]->caption) views[s->front]->caption(s, caption, sizeof caption);
  const char *title = s->title ? s->title : "";
  int room = x - used - 1, wanted = draw_width(caption, strlen(caption));
  if (wanted == 0 ||
      draw_width(title, strlen(title)) + 2 + wanted <= room) /* what is in view comes before where */
    used += draw(0, used, room, STYLE_BRIGHT, title) + 2;
  draw(0, used, x - used - 1, STYLE_DIM, caption);
  pen accent = terminal_pen(STYLE_ACCENT);
  for (int i = 0; i < VIEW_COUNT; i++) {
    const char *label = views[i]->label;
    bool front = s->front == (view_name)i;
    draw_format(0, x + 1, 1, front ? STYLE_ACCENT : STYLE_DIM, "%d", i + 1);
    draw(0, x + 3, 20, front ? STYLE_ACCENT : STYLE_PLAIN, label);
    for (size_t mark = 0; front && mark < strlen(label) + 2; mark++)
      draw_sgr(1, x + 1 + (int)mark, 1, &accent, "━", 3);
    x += 4 + (int)strlen(label);
  }
}

static bool click_tab(screen *s, int x) {
  int left = s->width - tabs_width() - 1;
  for (int i = 0; i < VIEW_COUNT; i++) {
    int right = left + 4 + (int)strlen(views[i]->label);
    if (x >= left && x < right) {
      front_set(s, (view_name)i);
      return true;
    }
    left = right;
  }
  return false;
}

/*** Status line ***/

void frame_sample(screen *s) {
  double now = clock_now();
  if (now - s->sampled < 0.5) return;
  struct timespec used;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  double seconds = (double)used.tv_sec + (double)used.tv_nsec * 1e-9;
  double cpu = s->sampled > 0 ? (seconds - s->cpu_seconds) / (now - s->sampled) * 100 : 0, memory = 0;
  FILE *file = fopen("/proc/self/statm", "re");
  long pages = 0;
  if (file && fscanf(file, "%*d %ld", &pages) == 1) memory = (double)pages * (double)sysconf(_SC_PAGESIZE);
  if (file) fclose(file);
  if ((int)(cpu + 0.5) != (int)(s->cpu + 0.5) || (int)(memory / 1e6) != (int)(s->memory / 1e6))
    s->dirty = true;
  s->cpu = cpu;
  s->memory = memory;
  s->cpu_seconds = seconds;
  s->sampled = now;
}

/* "key what  key what": keys plain, what they do dim. Drawn so that it ends before `right`; the column it
 * begins at. */
static int draw_hints(int y, int right, int room, const char *hints) {
  int width = draw_width(hints, strlen(hints));
  if (width > room) return right;
  int x = right - width;
  while (*hints) {
    const char *stop = strstr(hints, "  ");
    size_t size = stop ? (size_t)(stop - hints) : strlen(hints), key = 0;
    while (key < size && hints[key] != ' ') key++;
    x += draw_text(y, x, right - x, STYLE_PLAIN, hints, key);
    x += draw_text(y, x, right - x, STYLE_DIM, hints + key, size - key);
    hints += size;
    while (*hints == ' ') {
      hints++;
      x++;
    }
  }
  return right - width;
}

static const char *hints_now(const screen *s) {
  if (s->overlay == OVERLAY_TRUST) return "y trust  n only look";
  if (s->overlay == OVERLAY_PALETTE) return "↑↓ choose  ↵ take  Esc leave";
  if (s->overlay == OVERLAY_FORM) return "↑↓ field  ↵ apply  Esc leave";
  if (s->overlay != OVERLAY_NONE) return "↑↓ scroll  Esc close";
  if (script_working(s) && clock_now() - s->busy_since > 0.3) return "Esc stop";
  if (s->console.focused) return "↵ run  Tab complete  Esc close";
  return views[s->front]->hints;
}

/* What runs, how far it is, how fast, how long it will take. The columns used. */
static int draw_work(screen *s, int y, int x, int width) {
  lathe_progress_state state;
  lathe_progress_read(lathe_progress_main(), &state);
  char first[32], second[32];
  int at = x;
  at += draw(y, at, width, STYLE_ACCENT, words_spinner()) + 1;
  const char *busy = s->busy && *s->busy ? s->busy : NULL;
  const char *what = busy ? busy : state.running ? state.what : "working";
  at += draw(y, at, width / 3, STYLE_BRIGHT, what) + 1;
  double elapsed = clock_now() - s->busy_since;
  if (!state.running || state.total <= 0) {
    if (elapsed > 1) at += draw(y, at + 1, x + width - at - 1, STYLE_DIM, words_seconds(elapsed, first)) + 1;
    return at - x;
  }
  double part = (double)state.done / (double)state.total;
  if (part > 1) part = 1;
  int bar = width >= 70 ? 12 : 6;
  draw_bar(y, at, bar, part);
  at += bar + 1;
  at += draw_format(y, at, x + width - at, STYLE_PLAIN, "%3.0f %%", part * 100);
  if (state.seconds > 0.3 && state.done > 0) {
    double rate = (double)state.done / state.seconds;
    if (rate >= 10 && x + width - at > 30)
      at += draw_format(y, at, x + width - at, STYLE_DIM, "  %s/s", words_count((int64_t)rate, first));
    double left = (double)(state.total - state.done) / rate;
    if (left > 0 && x + width - at > 14)
      at += draw_format(y, at, x + width - at, STYLE_DIM, "  %s left", words_seconds(left, second));
  }
  return at - x;
}

static void draw_status(screen *s) {
  int y = s->height - 1;
  char memory[32], figures[96], idle[256] = "";
  int hints = draw_hints(y, s->width - 1, s->width - 2, hints_now(s));
  snprintf(figures, sizeof figures, "cpu %.0f %%  %s", s->cpu, words_bytes(s->memory, memory));
  int room = hints - 4, middle = draw_width(figures, strlen(figures));
  bool working = (s->busy && *s->busy) || (script_working(s) && clock_now() - s->busy_since > 0.15);
  bool with_figures = room > middle + 34;
  if (with_figures) room -= middle + 3;
  int used;
  if (working) {
    used = draw_work(s, y, 1, room);
  } else {
    if (views[s->front]->idle) views[s->front]->idle(s, idle, sizeof idle);
    used = draw(y, 1, room, STYLE_PLAIN, idle);
  }
  if (with_figures && used > 0)
    draw(y, 1 + used + 3, middle, STYLE_DIM, figures);
  else if (with_figures)
    draw(y, 1, middle, STYLE_DIM, figures);
}

/*** The whole ***/

static void draw_too_small(screen *s) {
  char text[160];
  snprintf(text, sizeof text, "lathe needs a window of %d by %d; this one is %d by %d.", LEAST_WIDTH,
           LEAST_HEIGHT, s->width, s->height);
  draw_lines((area){0, 0, s->height, s->width}, STYLE_PLAIN, text);
}

void frame_draw(screen *s) {
  if (s->width < LEAST_WIDTH || s->height < LEAST_HEIGHT) {
    draw_too_small(s);
    return;
  }
  area place = frame_view_area(s);
  draw_tabs(s);
  views[s->front]->draw(s, place);
  int below = place.y + place.height;
  if (s->console.open)
    console_draw(s, (area){below, 0, s->height - 1 - below, s->width});
  else
    console_peek(s, below, 1, s->width - 2);
  draw_status(s);
  if (s->overlay != OVERLAY_NONE) {
    s->cursor_y = -1;
    overlay_draw(s, (area){2, 2, s->height - 3, s->width - 4});
  }
}

static unsigned mouse(screen *s) {
  MEVENT event;
  if (getmouse(&event) != OK) return IGNORED;
  area place = frame_view_area(s);
  int rows = event.bstate & BUTTON4_PRESSED ? -3 : event.bstate & BUTTON5_PRESSED ? 3 : 0;
  if (s->overlay != OVERLAY_NONE) {
    if (rows) return overlay_key(s, SPECIAL(rows < 0 ? KEY_UP : KEY_DOWN));
    return HANDLED;
  }
  if (rows) {
    if (event.y >= place.y + place.height && s->console.open)
      console_wheel(s, -rows);
    else if (views[s->front]->wheel)
      views[s->front]->wheel(s, rows);
    return HANDLED | REDRAW;
  }
  if (event.y < 2) return click_tab(s, event.x) ? HANDLED | REDRAW : HANDLED;
  if (event.y < place.y + place.height) {
    s->console.focused = false;
    if (views[s->front]->click) views[s->front]->click(s, place, event.y, event.x);
  } else {
    console_open(s, true);
  }
  return HANDLED | REDRAW;
}

bool frame_knows_alt(int key) {
  int letter = key - KEY_ALT;
  return letter == 'b' || letter == 'f' || (letter >= '1' && letter < '1' + VIEW_COUNT);
}

/* The keys that work everywhere. */
static unsigned common_key(screen *s, int key) {
  if (key >= KEY_ALT + '1' && key < KEY_ALT + '1' + VIEW_COUNT)
    front_set(s, (view_name)(key - KEY_ALT - '1'));
  else if (key >= SPECIAL(KEY_F(1)) && key < SPECIAL(KEY_F(1 + VIEW_COUNT)))
    front_set(s, (view_name)(key - SPECIAL(KEY_F(1))));
  else if (key == CONTROL('P'))
    palette_open(s, "");
  else if (key == CONTROL('O'))
    console_open(s, !s->console.open);
  else if (key == CONTROL('Q'))
    wish_add(s, LATHE_SCREEN_QUIT, "");
  else
    return IGNORED;
  return HANDLED | REDRAW;
}

/* The keys that work where no text is typed. */
static unsigned plain_key(screen *s, int key) {
  if (key >= '1' && key < '1' + VIEW_COUNT)
    front_set(s, (view_name)(key - '1'));
  else if (key == '?')
    overlay_open(s, OVERLAY_HELP);
  else if (key == ':')
    console_open(s, true);
  else if (key == '\t')
    console_open(s, true);
  else if (key == 'q' || key == CONTROL('C'))
    wish_add(s, LATHE_SCREEN_QUIT, "");
  else if (key == 27 && s->console.open)
    console_open(s, false);
  else
    return IGNORED;
  return HANDLED | REDRAW;
}

unsigned frame_key(screen *s, int key) {
  if (key == SPECIAL(KEY_MOUSE)) return mouse(s);
  if (s->width < LEAST_WIDTH || s->height < LEAST_HEIGHT) {
    if (key == 'q' || key == CONTROL('C') || key == CONTROL('Q')) wish_add(s, LATHE_SCREEN_QUIT, "");
    return HANDLED;
  }
  if (s->overlay != OVERLAY_NONE) return overlay_key(s, key);
  unsigned done = common_key(s, key);
  if (done == IGNORED && s->console.focused) return console_key(s, key);
  if (done == IGNORED) done = views[s->front]->key(s, key);
  if (done == IGNORED) done = plain_key(s, key);
  return done;
}
