/* console.c - the Lua console: the lines that were printed, the line that is typed, history and completion.
 */
#include <ncurses.h>
#include <stdlib.h>
#include <string.h>
#include "tui.h"

/*** Lines ***/

static const char *line_at(const console *c, int index) {
  const char *line = c->lines[(c->begin + index) % CONSOLE_LINES];
  return line ? line : "";
}

static void add_line(console *c, const char *text, size_t size) {
  char *copy = lathe_memory_text(text, size, NULL);
  if (copy == NULL) return;
  if (c->count == CONSOLE_LINES) {
    free(c->lines[c->begin]);
    c->lines[c->begin] = copy;
    c->begin = (c->begin + 1) % CONSOLE_LINES;
  } else {
    c->lines[(c->begin + c->count++) % CONSOLE_LINES] = copy;
  }
}

void console_print(console *c, const char *text) {
  enum { LONGEST = 8192 };
  do {
    size_t size = strcspn(text, "\n");
    add_line(c, text, size < LONGEST ? size : LONGEST);
    text += size;
    if (*text == '\n') text++;
  } while (*text);
  c->scroll = 0;
}

/* A table or a chart is cut at the right edge; prose is broken into several rows. */
static bool is_drawn(const char *line) {
  return strstr(line, "│") || strstr(line, "─") || strstr(line, "┤");
}

static int rows_of(const char *line, int width) {
  size_t size = strlen(line);
  if (is_drawn(line)) return 1;
  int rows = 0;
  do {
    size_t piece = draw_wrap(line, size, width);
    line += piece;
    size -= piece;
    rows++;
  } while (size > 0);
  return rows;
}

/* Draw one line so that its last row lies at `y`, but none above `top`. The rows it has. */
static int draw_line(const char *line, int y, int top, int bottom, int x, int width) {
  int rows = rows_of(line, width);
  pen ink = {0};
  size_t size = strlen(line);
  for (int row = 0; row < rows; row++) {
    size_t piece = is_drawn(line) ? size : draw_wrap(line, size, width), shown = piece;
    while (shown > 0 && line[shown - 1] == ' ' && row < rows - 1) shown--;
    int at = y - rows + 1 + row;
    draw_sgr(at >= top && at <= bottom ? at : -1, x, width, &ink, line, shown);
    line += piece;
    size -= piece;
  }
  return rows;
}

static void draw_choices(console *c, int y, int x, int width) {
  const char *word = c->choices;
  int right = x + width;
  while (*word) {
    size_t size = strcspn(word, "\n");
    int columns = draw_width(word, size);
    if (x + columns + 2 > right) {
      draw(y, x, right - x, STYLE_DIM, "…");
      return;
    }
    x += draw_text(y, x, right - x, STYLE_ACCENT, word, size) + 2;
    word += size;
    if (*word) word++;
  }
}

void console_draw(screen *s, area place) {
  console *c = &s->console;
  int width = place.width - 2, input = place.y + place.height - 1, bottom = input - 1;
  draw_rule(place.y, 0, place.width);
  if (c->scroll > 0) draw_right(place.y, place.width - 2, 20, STYLE_DIM, " ↑ PgDn to the end ");
  if (c->choices && *c->choices) draw_choices(c, bottom--, 3, width - 2);
  int y = bottom + c->scroll, index = c->count - 1;
  while (index >= 0 && y > place.y) y -= draw_line(line_at(c, index--), y, place.y + 1, bottom, 1, width);
  if (index < 0 && y > place.y)
    c->scroll = c->scroll > y - place.y ? c->scroll - (y - place.y) : 0; /* beyond the first */
  draw(input, 1, 1, c->focused ? STYLE_ACCENT : STYLE_DIM, ">");
  int cursor = edit_draw(&c->input, input, 3, width - 2, STYLE_PLAIN);
  if (c->focused) {
    s->cursor_y = input;
    s->cursor_x = cursor;
  } else if (c->input.size == 0) {
    draw(input, 3, width - 2, STYLE_DIM, "Tab: type here");
  }
}

void console_peek(screen *s, int y, int x, int width) {
  console *c = &s->console;
  pen ink = {0};
  if (c->count == 0) return;
  const char *line = line_at(c, c->count - 1);
  draw_sgr(y, x, width, &ink, line, strlen(line));
}

void console_open(screen *s, bool open) {
  s->console.open = s->console.focused = open;
  s->console.scroll = 0;
  text_set(&s->console.choices, NULL);
}

void console_wheel(screen *s, int rows) {
  s->console.scroll += rows;
  if (s->console.scroll < 0) s->console.scroll = 0;
}

/*** History ***/

void console_remember(console *c, const char *line) {
  if (c->remembered > 0 && strcmp(c->history[c->remembered - 1], line) == 0) {
    c->recalled = c->remembered;
    return;
  }
  char *copy = lathe_memory_text(line, strlen(line), NULL);
  if (copy == NULL) return;
  if (c->remembered == CONSOLE_HISTORY) {
    free(c->history[0]);
    memmove(c->history, c->history + 1, sizeof *c->history * (CONSOLE_HISTORY - 1));
    c->remembered--;
  }
  c->history[c->remembered++] = copy;
  c->recalled = c->remembered;
}

static void recall(console *c, int step) {
  int next = c->recalled + step;
  if (next < 0 || next > c->remembered) return;
  if (c->recalled == c->remembered) text_set(&c->typed, edit_text(&c->input));
  c->recalled = next;
  edit_set(&c->input, next == c->remembered ? (c->typed ? c->typed : "") : c->history[next]);
}

/*** Completion ***/

void console_complete(console *c, const char *line, const char *words) {
  size_t size = strlen(line);
  const char *typed = edit_text(&c->input);
  /* An answer for a line that has changed meanwhile is no answer: it must begin with what stands before the
   * cursor. */
  if (size < c->input.cursor || strncmp(typed, line, c->input.cursor) != 0) return;
  lathe_buffer whole = {0};
  if (lathe_buffer_text(&whole, line, NULL) && lathe_buffer_text(&whole, typed + c->input.cursor, NULL)) {
    edit_set(&c->input, whole.data);
    c->input.cursor = size;
  }
  lathe_buffer_free(&whole);
  text_set(&c->choices, words && strchr(words, '\n') ? words : NULL);
}

static void ask_completion(screen *s) {
  console *c = &s->console;
  char *line = lathe_memory_text(edit_text(&c->input), c->input.cursor, NULL);
  if (line) wish_add(s, LATHE_SCREEN_COMPLETE, line);
  free(line);
}

/*** Keys ***/

static void enter_line(screen *s) {
  console *c = &s->console;
  const char *line = edit_text(&c->input);
  c->scroll = 0;
  if (line[strspn(line, " \t")] == '\0') return;
  console_remember(c, line);
  wish_add(s, LATHE_SCREEN_ENTER, line);
  edit_set(&c->input, "");
}

unsigned console_key(screen *s, int key) {
  console *c = &s->console;
  int far = frame_view_area(s).height / 2;
  if (key != '\t') text_set(&c->choices, NULL);
  switch (key) {
  case '\r':
  case '\n':
  case SPECIAL(KEY_ENTER):
    enter_line(s);
    return HANDLED | REDRAW;
  case '\t':
    if (c->input.size == 0)
      c->focused = false;
    else
      ask_completion(s);
    return HANDLED | REDRAW;
  case SPECIAL(KEY_UP):
    recall(c, -1);
    return HANDLED | REDRAW;
  case SPECIAL(KEY_DOWN):
    recall(c, 1);
    return HANDLED | REDRAW;
  case SPECIAL(KEY_PPAGE):
    console_wheel(s, far);
    return HANDLED | REDRAW;
  case SPECIAL(KEY_NPAGE):
    console_wheel(s, -far);
    return HANDLED | REDRAW;
  case 27:
    console_open(s, false);
    return HANDLED | REDRAW;
  case CONTROL('C'):
    if (c->input.size > 0)
      edit_set(&c->input, "");
    else
      console_open(s, false);
    return HANDLED | REDRAW;
  case CONTROL('D'):
    if (c->input.size == 0) {
      console_open(s, false);
      return HANDLED | REDRAW;
    }
    break;
  default:
    break;
  }
  return edit_key(&c->input, key) ? HANDLED | REDRAW : HANDLED;
}

void console_free(console *c) {
  for (int i = 0; i < c->count; i++) free(c->lines[(c->begin + i) % CONSOLE_LINES]);
  for (int i = 0; i < c->remembered; i++) free(c->history[i]);
  free(c->typed);
  free(c->choices);
  edit_free(&c->input);
  memset(c, 0, sizeof *c);
}
