#include "draw.h"

#include <ncurses.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "../base/text.h"

/* One character as it is drawn: its display columns, and the bytes taken from the text. */
static size_t next_mark(const char *text, size_t size, uint32_t *mark, int *columns) {
  uint32_t character = 0;
  size_t taken = lathe_text_decode(text, size, &character);
  if (character == '\n' || character == '\r')
    character = 0x21b5;
  else if (character == '\t')
    character = ' ';
  else if (character < ' ' || (character >= 0x7f && character < 0xa0))
    character = 0xfffd;
  int width = character < 0x7f ? 1 : wcwidth((wchar_t)character);
  if (width < 0) {
    character = 0xfffd;
    width = 1;
  }
  *mark = character;
  *columns = width;
  return taken;
}

int draw_width(const char *text, size_t size) {
  int total = 0, columns;
  uint32_t mark;
  for (size_t at = 0; at < size;) {
    at += next_mark(text + at, size - at, &mark, &columns);
    total += columns;
  }
  return total;
}

size_t draw_fit(const char *text, size_t size, int width) {
  int total = 0, columns;
  uint32_t mark;
  size_t at = 0;
  while (at < size) {
    size_t taken = next_mark(text + at, size - at, &mark, &columns);
    if (total + columns > width) break;
    total += columns;
    at += taken;
  }
  return at;
}

static void put(int y, int x, pen ink, const wchar_t *marks, int count) {
  if (count == 0 || y < 0 || y >= LINES || x < 0 || x >= COLS) return;
  attr_set((attr_t)ink.attributes, ink.pair, NULL);
  mvaddnwstr(y, x, marks, count);
}

/* Draw what fits; the columns used. */
static int put_text(int y, int x, int width, pen ink, const char *text, size_t size) {
  enum { RUN = 128 };
  wchar_t run[RUN];
  int count = 0, start = x, at_x = x, columns;
  if (x + width > COLS) width = COLS - x;
  for (size_t at = 0; at < size;) {
    uint32_t mark;
    size_t taken = next_mark(text + at, size - at, &mark, &columns);
    if (at_x - x + columns > width) break;
    if (count == RUN) {
      put(y, start, ink, run, count);
      start = at_x;
      count = 0;
    }
    if (columns > 0 || count > 0) run[count++] = (wchar_t)mark;
    at_x += columns;
    at += taken;
  }
  put(y, start, ink, run, count);
  return at_x - x;
}

int draw_text(int y, int x, int width, style name, const char *text, size_t size) {
  if (width <= 0) return 0;
  if (draw_fit(text, size, width) == size) return put_text(y, x, width, terminal_pen(name), text, size);
  int used = put_text(y, x, width - 1, terminal_pen(name), text, draw_fit(text, size, width - 1));
  return used + put_text(y, x + used, 1, terminal_pen(name), "…", 3);
}

int draw(int y, int x, int width, style name, const char *text) {
  return draw_text(y, x, width, name, text, strlen(text));
}

int draw_format(int y, int x, int width, style name, const char *format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return draw(y, x, width, name, text);
}

int draw_right(int y, int right, int width, style name, const char *text) {
  int used = draw_width(text, strlen(text));
  if (used > width) used = width;
  return draw(y, right - used, used, name, text);
}

/*** Colour escapes. ***/

/* The length of an escape at `text` (which begins with ESC), and whether it is a colour one. */
static size_t escape_size(const char *text, size_t size, bool *colour) {
  *colour = false;
  if (size < 2 || text[1] != '[') return size < 2 ? 1 : 2;
  size_t at = 2;
  while (at < size && (unsigned char)text[at] >= 0x20 && (unsigned char)text[at] < 0x40) at++;
  if (at == size) return size;
  *colour = text[at] == 'm';
  return at + 1;
}

static void apply_sgr(pen *ink, const char *text, size_t size) {
  int codes[16], count = 0, value = 0;
  for (size_t i = 2; i < size; i++) {
    if (text[i] >= '0' && text[i] <= '9') {
      if (value < 10000) value = value * 10 + (text[i] - '0');
      continue;
    }
    if (count < 16) codes[count++] = value;
    value = 0;
  }
  for (int i = 0; i < count; i++) {
    int code = codes[i];
    if (code == 0)
      *ink = (pen){0};
    else if (code == 1)
      ink->attributes |= A_BOLD;
    else if (code == 2) {
      pen dim = terminal_pen(STYLE_DIM);
      ink->attributes |= dim.attributes;
      ink->pair = dim.pair;
    } else if (code == 4)
      ink->attributes |= A_UNDERLINE;
    else if (code == 7)
      ink->attributes |= A_REVERSE;
    else if (code == 22) {
      ink->attributes &= ~(unsigned)(A_BOLD | A_DIM);
      if (ink->pair == terminal_pen(STYLE_DIM).pair) ink->pair = 0;
    } else if (code == 24)
      ink->attributes &= ~(unsigned)A_UNDERLINE;
    else if (code == 27)
      ink->attributes &= ~(unsigned)A_REVERSE;
    else if (code == 39)
      *ink = terminal_colour(*ink, -1);
    else if (code == 31)
      ink->pair = terminal_pen(STYLE_ERROR).pair;
    else if (code == 32)
      ink->pair = terminal_pen(STYLE_GOOD).pair;
    else if (code == 33)
      ink->pair = terminal_pen(STYLE_WARN).pair;
    else if (code == 36)
      ink->pair = terminal_pen(STYLE_ACCENT).pair;
    else if (code >= 30 && code <= 37)
      *ink = terminal_colour(*ink, code - 30);
    else if (code >= 90 && code <= 97)
      *ink = terminal_colour(*ink, code - 90 + 8);
    else if (code == 38 && i + 2 < count && codes[i + 1] == 5) {
      *ink = terminal_colour(*ink, codes[i + 2] & 255);
      i += 2;
    }
  }
}

int draw_sgr(int y, int x, int width, pen *ink, const char *text, size_t size) {
  int used = 0;
  for (size_t at = 0; at < size;) {
    if (text[at] == '\033') {
      bool colour;
      size_t length = escape_size(text + at, size - at, &colour);
      if (colour) apply_sgr(ink, text + at, length);
      at += length;
      continue;
    }
    const char *stop = memchr(text + at, '\033', size - at);
    size_t piece = stop ? (size_t)(stop - (text + at)) : size - at;
    if (y < 0) {
      used += draw_width(text + at, piece);
    } else if (used < width) {
      bool whole = draw_fit(text + at, piece, width - used) == piece;
      int room = whole ? width - used : width - used - 1;
      int part = put_text(y, x + used, room, *ink, text + at, piece);
      if (!whole) {
        put_text(y, x + used + part, 1, terminal_pen(STYLE_DIM), "…", 3);
        part = width - used;
      }
      used += part;
    }
    at += piece;
  }
  return used;
}

size_t draw_wrap(const char *text, size_t size, int width) {
  int used = 0, columns;
  size_t space = 0;
  if (width < 1) width = 1;
  for (size_t at = 0; at < size;) {
    bool colour;
    uint32_t mark;
    if (text[at] == '\033') {
      at += escape_size(text + at, size - at, &colour);
      continue;
    }
    if (text[at] == '\n') return at + 1;
    size_t taken = next_mark(text + at, size - at, &mark, &columns);
    if (used + columns > width) {
      if (mark == ' ') return at + 1;
      if (space > 0) return space;
      return at > 0 ? at : taken;
    }
    used += columns;
    at += taken;
    if (mark == ' ' && used > width / 3) space = at;
  }
  return size;
}

int draw_lines(area place, style name, const char *text) {
  int line = 0;
  size_t size = strlen(text);
  pen ink = terminal_pen(name);
  while (size > 0 && line < place.height) {
    size_t piece = draw_wrap(text, size, place.width), shown = piece;
    while (shown > 0 && (text[shown - 1] == ' ' || text[shown - 1] == '\n')) shown--;
    draw_sgr(place.y + line++, place.x, place.width, &ink, text, shown);
    text += piece;
    size -= piece;
  }
  return line;
}

/*** Lines, bars, boxes. ***/

static void repeat(int y, int x, int count, pen ink, const char *mark) {
  char text[3 * 64];
  size_t size = strlen(mark);
  while (count > 0) {
    int now = count < 64 ? count : 64;
    for (int i = 0; i < now; i++) memcpy(text + (size_t)i * size, mark, size);
    put_text(y, x, now, ink, text, (size_t)now * size);
    x += now;
    count -= now;
  }
}

void draw_rule(int y, int x, int width) {
  repeat(y, x, width, terminal_pen(STYLE_RULE), "─");
}

void draw_upright(int y, int x, int height) {
  for (int i = 0; i < height; i++) put_text(y + i, x, 1, terminal_pen(STYLE_RULE), "│", 3);
}

void draw_fill(int y, int x, int width, style name) {
  repeat(y, x, width, terminal_pen(name), " ");
}

void draw_clear(area place) {
  for (int i = 0; i < place.height; i++) draw_fill(place.y + i, place.x, place.width, STYLE_PLAIN);
}

void draw_bar(int y, int x, int width, double part) {
  static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  if (!(part > 0)) part = 0;
  if (part > 1) part = 1;
  int filled = (int)(part * width * 8 + 0.5);
  pen ink = terminal_pen(STYLE_ACCENT);
  repeat(y, x, filled / 8, ink, "█");
  int used = filled / 8;
  if (used < width && filled % 8) put_text(y, x + used++, 1, ink, eighths[filled % 8], 3);
  repeat(y, x + used, width - used, terminal_pen(STYLE_RULE), "─");
}

area draw_box(area place, int height, int width, const char *title) {
  if (height > place.height) height = place.height;
  if (width > place.width) width = place.width;
  int y = place.y + (place.height - height) / 2, x = place.x + (place.width - width) / 2;
  pen ink = terminal_pen(STYLE_RULE);
  draw_clear((area){y, x, height, width});
  repeat(y, x + 1, width - 2, ink, "─");
  repeat(y + height - 1, x + 1, width - 2, ink, "─");
  draw_upright(y, x, height);
  draw_upright(y, x + width - 1, height);
  put_text(y, x, 1, ink, "╭", 3);
  put_text(y, x + width - 1, 1, ink, "╮", 3);
  put_text(y + height - 1, x, 1, ink, "╰", 3);
  put_text(y + height - 1, x + width - 1, 1, ink, "╯", 3);
  put_text(y, x + 2, 1, ink, " ", 1);
  int used = draw(y, x + 3, width - 6, STYLE_ACCENT, title);
  put_text(y, x + 3 + used, 1, ink, " ", 1);
  return (area){y + 1, x + 2, height - 2, width - 4};
}

/*** Words for numbers. ***/

const char *words_count(int64_t count, char *out) {
  char digits[24];
  int size = snprintf(digits, sizeof digits, "%lld", (long long)count), sign = digits[0] == '-', at = 0;
  for (int i = 0; i < size; i++) {
    if (i > sign && (size - i) % 3 == 0) out[at++] = ',';
    out[at++] = digits[i];
  }
  out[at] = '\0';
  return out;
}

const char *words_bytes(double bytes, char *out) {
  static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
  int unit = 0;
  while (bytes >= 1000 && unit < 4) {
    bytes /= 1000;
    unit++;
  }
  snprintf(out, 32, bytes < 10 && unit > 1 ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
  return out;
}

const char *words_seconds(double seconds, char *out) {
  if (seconds < 0.9995)
    snprintf(out, 32, "%.0f ms", seconds * 1000);
  else if (seconds < 60)
    snprintf(out, 32, "%.1f s", seconds);
  else if (seconds < 3600)
    snprintf(out, 32, "%d m %02d s", (int)seconds / 60, (int)seconds % 60);
  else
    snprintf(out, 32, "%.0f h %02d m", (double)((int64_t)seconds / 3600), (int)((int64_t)seconds / 60 % 60));
  return out;
}

const char *words_spinner(void) {
  static const char *const marks[] = {"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return marks[(now.tv_sec * 10 + now.tv_nsec / 100000000) % 10];
}
