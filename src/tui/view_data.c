/* view_data.c - a grid over a table of any length: only the cells that are seen are formatted.
 *
 * How wide a column is, how many decimals it shows and its small histogram come from a sample of its rows,
 * taken once on the script's thread when the table is shown. The table cannot change, so the screen's thread
 * reads it freely. */
#include <math.h>
#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tui.h"

enum { SAMPLE = 4000, SAMPLE_CELLS = 600000, WIDEST = 40, NAME_ROOM = 15, BARS = 12, FORMATTED = 400 };

typedef struct grid_column {
  const lathe_column *column;
  const char *name;
  lathe_type type;
  int width, decimals;
  char kind[48];           /* "f64  1.0 %·" */
  char bars[BARS * 3 + 1]; /* "▁▂▇▁" */
} grid_column;

struct grid {
  char *name;
  lathe_table *table;
  grid_column *columns;
  int64_t rows, row, top;
  int count, column, left, gutter;
};

static bool is_number(lathe_type type) {
  return type == LATHE_TYPE_INT64 || type == LATHE_TYPE_FLOAT64;
}

/*** Cells ***/

/* Put commas in the digits before the point. */
static void group_digits(char *text, size_t capacity) {
  size_t sign = *text == '-', whole = strspn(text + sign, "0123456789"), size = strlen(text);
  for (size_t at = whole; at > 3 && size + 1 < capacity; size++) {
    at -= 3;
    memmove(text + sign + at + 1, text + sign + at, size - sign - at + 1);
    text[sign + at] = ',';
  }
}

static void format_float64(const grid_column *c, double value, char *out, size_t capacity) {
  double size = fabs(value);
  if (!isfinite(value))
    snprintf(out, capacity, "%s", isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
  else if (size >= 1e15 || (size > 0 && size < 0.5 * pow(10, -c->decimals)))
    snprintf(out, capacity, "%.3e", value);
  else {
    snprintf(out, capacity, "%.*f", c->decimals, value);
    group_digits(out, capacity);
  }
}

/* The text of one present cell, in `scratch` or in the column. */
static lathe_text cell_text(const grid_column *c, int64_t row, char *scratch, size_t capacity) {
  if (c->type == LATHE_TYPE_INT64) {
    words_count(((const int64_t *)lathe_column_values(c->column))[row], scratch);
  } else if (c->type == LATHE_TYPE_FLOAT64) {
    format_float64(c, ((const double *)lathe_column_values(c->column))[row], scratch, capacity);
  } else {
    lathe_text text = lathe_column_format(c->column, row, scratch);
    if (text.size > FORMATTED)
      text.size = FORMATTED; /* a cell of a megabyte costs no more than what is seen */
    return text;
  }
  return (lathe_text){scratch, strlen(scratch)};
}

/*** The sample ***/

static int decimals_of(double value) {
  char text[32];
  size_t size = lathe_text_from_float64(value, text);
  text[size] = '\0';
  const char *point = strchr(text, '.'), *power = strchr(text, 'e');
  int shown = point ? (int)strspn(point + 1, "0123456789") : 0;
  if (power) shown -= atoi(power + 1);
  return shown > 0 ? shown : 0;
}

static void choose_decimals(grid_column *c, int64_t rows, int64_t stride) {
  if (c->type != LATHE_TYPE_FLOAT64) return;
  double largest = 0;
  int most = 0;
  for (int64_t row = 0; row < rows; row += stride) {
    double value = lathe_column_number(c->column, row);
    if (!isfinite(value)) continue;
    int decimals = decimals_of(value);
    if (decimals > most) most = decimals;
    if (fabs(value) > largest) largest = fabs(value);
  }
  int enough = largest >= 1e6 ? 2 : 4; /* significant enough to tell rows apart */
  if (largest > 0 && largest < 0.1) enough = 3 + (int)ceil(-log10(largest));
  if (enough > 12) enough = 12;
  c->decimals = most < enough ? most : enough;
}

static void choose_width(grid_column *c, int64_t rows, int64_t stride) {
  char scratch[400];
  int name = draw_width(c->name, strlen(c->name)), kind = draw_width(c->kind, strlen(c->kind));
  c->width = name < NAME_ROOM ? name : NAME_ROOM;
  if (kind > c->width) c->width = kind;
  for (int64_t row = 0; row < rows; row += stride) {
    if (!lathe_column_present(c->column, row)) continue;
    lathe_text text = cell_text(c, row, scratch, sizeof scratch);
    int width = draw_width(text.data, text.size);
    if (width > c->width) c->width = width;
  }
  if (c->width > WIDEST) c->width = WIDEST;
}

static void draw_bars(grid_column *c, const int64_t *counts, int bins) {
  static const char *const levels[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  int64_t most = 0;
  for (int i = 0; i < bins; i++) most = counts[i] > most ? counts[i] : most;
  if (most == 0) return;
  c->bars[0] = '\0';
  for (int i = 0; i < bins; i++) {
    int level = (int)((counts[i] * 8 + most - 1) / most);
    strcat(c->bars, levels[level]);
  }
}

static int compare_counts(const void *first, const void *second) {
  int64_t a = *(const int64_t *)first, b = *(const int64_t *)second;
  return a < b ? 1 : a > b ? -1 : 0;
}

/* The shape of a column in a line: a histogram of numbers and times, the frequencies of categories, most
 * frequent first. */
static void choose_bars(grid_column *c, int64_t rows, int64_t stride) {
  int64_t counts[256] = {0};
  int bins = c->width < BARS ? c->width : BARS;
  if (c->type == LATHE_TYPE_STRING) return;
  if (c->type == LATHE_TYPE_CATEGORY || c->type == LATHE_TYPE_BOOL) {
    const int32_t *codes = c->type == LATHE_TYPE_CATEGORY ? lathe_column_values(c->column) : NULL;
    for (int64_t row = 0; row < rows; row += stride) {
      if (!lathe_column_present(c->column, row)) continue;
      int32_t code = codes ? codes[row] : (int32_t)lathe_column_number(c->column, row);
      if (code >= 0 && code < 256) counts[code]++;
    }
    qsort(counts, 256, sizeof *counts, compare_counts);
    while (bins > 0 && counts[bins - 1] == 0) bins--;
  } else {
    double low = INFINITY, high = -INFINITY;
    for (int64_t row = 0; row < rows; row += stride) {
      double value = lathe_column_number(c->column, row);
      if (!isfinite(value)) continue;
      low = value < low ? value : low;
      high = value > high ? value : high;
    }
    for (int64_t row = 0; row < rows && low <= high; row += stride) {
      double value = lathe_column_number(c->column, row);
      if (!isfinite(value)) continue;
      int bin = high > low ? (int)((value - low) / (high - low) * bins) : 0;
      counts[bin < bins ? bin : bins - 1]++;
    }
  }
  draw_bars(c, counts, bins);
}

static void describe_kind(grid_column *c, int64_t rows) {
  static const char *const short_names[] = {"bool", "i64", "f64", "text", "category", "date", "time"};
  int64_t missing = lathe_column_missing(c->column);
  int used = snprintf(c->kind, sizeof c->kind, "%s", short_names[c->type]);
  if (c->type == LATHE_TYPE_CATEGORY)
    used += snprintf(c->kind + used, sizeof c->kind - (size_t)used, " %lld",
                     (long long)lathe_column_rows(lathe_column_dictionary(c->column)));
  if (missing == 0 || rows == 0) return;
  double share = (double)missing / (double)rows * 100;
  snprintf(c->kind + used, sizeof c->kind - (size_t)used, share < 0.05 ? " <0.1 %%·" : " %.1f %%·", share);
}

grid *grid_new(const char *name, lathe_table *table) {
  grid *g = lathe_memory_new(1, sizeof *g, NULL);
  if (g == NULL) return NULL;
  g->count = lathe_table_columns(table);
  g->rows = lathe_table_rows(table);
  g->columns = lathe_memory_new((size_t)g->count, sizeof *g->columns, NULL);
  if (g->columns == NULL) {
    free(g);
    return NULL;
  }
  text_set(&g->name, name);
  g->table = lathe_table_retain(table);
  char digits[32];
  g->gutter = (int)strlen(words_count(g->rows, digits));
  int64_t sample = g->count > 0 && SAMPLE_CELLS / g->count < SAMPLE ? SAMPLE_CELLS / g->count + 1 : SAMPLE;
  int64_t stride = g->rows / sample + 1;
  for (int i = 0; i < g->count; i++) {
    grid_column *c = &g->columns[i];
    c->column = lathe_table_column(table, i);
    c->name = lathe_table_name(table, i);
    c->type = lathe_column_type(c->column);
    describe_kind(c, g->rows);
    choose_decimals(c, g->rows, stride);
    choose_width(c, g->rows, stride);
    choose_bars(c, g->rows, stride);
  }
  return g;
}

void grid_free(grid *g) {
  if (g == NULL) return;
  lathe_table_release(g->table);
  free(g->columns);
  free(g->name);
  free(g);
}

/*** Drawing ***/

static void draw_cell(const grid_column *c, int64_t row, int y, int x, int room, bool chosen) {
  char scratch[400];
  style name = chosen ? STYLE_CHOSEN : STYLE_PLAIN;
  if (chosen) draw_fill(y, x, room, STYLE_CHOSEN);
  bool right = is_number(c->type);
  if (!lathe_column_present(c->column, row)) {
    draw(y, right ? x + room - 1 : x, 1, chosen ? STYLE_CHOSEN : STYLE_DIM, "·");
    return;
  }
  lathe_text text = cell_text(c, row, scratch, sizeof scratch);
  int width = draw_width(text.data, text.size);
  if (right && width < room) x += room - width, room = width;
  draw_text(y, x, room, name, text.data, text.size);
}

/* A number is never cut: the column grows when a longer one comes into sight. */
static void widen(grid *g, int index, int64_t from, int64_t to) {
  grid_column *c = &g->columns[index];
  char scratch[400];
  if (!is_number(c->type)) return;
  for (int64_t row = from; row < to; row++) {
    if (!lathe_column_present(c->column, row)) continue;
    lathe_text text = cell_text(c, row, scratch, sizeof scratch);
    if ((int)text.size > c->width) c->width = (int)text.size;
  }
}

enum { HEADER = 3, GAP = 2 };

static int last_visible(const grid *g, int left, int width) {
  int x = g->gutter + 3, index = left;
  while (index < g->count && x + g->columns[index].width <= width) x += g->columns[index++].width + GAP;
  return index > left ? index - 1 : left;
}

static void follow(grid *g, int height, int width) {
  if (g->row >= g->rows) g->row = g->rows - 1;
  if (g->row < 0) g->row = 0;
  if (g->column >= g->count) g->column = g->count - 1;
  if (g->column < 0) g->column = 0;
  if (g->row < g->top) g->top = g->row;
  if (g->row >= g->top + height) g->top = g->row - height + 1;
  if (g->top > g->rows - height) g->top = g->rows - height;
  if (g->top < 0) g->top = 0;
  if (g->column < g->left) g->left = g->column;
  while (g->left < g->column && last_visible(g, g->left, width) < g->column) g->left++;
}

static void draw_header(const grid *g, int index, int y, int x, int room) {
  const grid_column *c = &g->columns[index];
  style name = index == g->column ? STYLE_ACCENT : STYLE_BRIGHT;
  int width = draw_width(c->name, strlen(c->name));
  if (is_number(c->type) && width < room)
    draw_right(y, x + room, room, name, c->name);
  else
    draw(y, x, room, name, c->name);
  if (is_number(c->type)) {
    draw_right(y + 1, x + room, room, STYLE_DIM, c->kind);
    draw_right(y + 2, x + room, room, STYLE_ACCENT, c->bars);
  } else {
    draw(y + 1, x, room, STYLE_DIM, c->kind);
    draw(y + 2, x, room, STYLE_ACCENT, c->bars);
  }
}

static void draw_data(screen *s, area place) {
  grid *g = s->grid;
  if (g == NULL) {
    draw_lines((area){place.y + 1, 2, place.height - 1, place.width - 4}, STYLE_DIM,
               "No table yet.\n\nType : and then  open \"FILE.csv\"  to look at a data file, or press 1 and "
               "Enter on a node "
               "that made a table.");
    return;
  }
  int height = place.height - HEADER;
  follow(g, height, place.width - 1);
  int64_t end = g->top + height < g->rows ? g->top + height : g->rows;
  for (int i = g->left, right = g->gutter; i < g->count && right < place.width; i++) {
    widen(g, i, g->top, end);
    right += g->columns[i].width + GAP;
  }
  follow(g, height, place.width - 1);
  char number[32];
  for (int64_t row = g->top; row < end; row++)
    draw_right(place.y + HEADER + (int)(row - g->top), g->gutter + 1, g->gutter,
               row == g->row ? STYLE_ACCENT : STYLE_RULE, words_count(row + 1, number));
  int x = g->gutter + 3;
  for (int i = g->left; i < g->count && x < place.width - 1; i++) {
    const grid_column *c = &g->columns[i];
    int room = c->width < place.width - 1 - x ? c->width : place.width - 1 - x;
    if (room < c->width && (room < 4 || is_number(c->type)) &&
        i > g->left) { /* half a number would be a wrong one */
      draw(place.y, x, room, STYLE_DIM, "…");
      break;
    }
    draw_header(g, i, place.y, x, room);
    for (int64_t row = g->top; row < end; row++)
      draw_cell(c, row, place.y + HEADER + (int)(row - g->top), x, room, row == g->row && i == g->column);
    x += room + GAP;
  }
  if (g->rows == 0) draw(place.y + HEADER, g->gutter + 3, 40, STYLE_DIM, "no rows");
}

/*** Keys ***/

/* Text of a cell as one line: what would end it or speak to the terminal becomes a mark. */
static void append_plain(lathe_buffer *out, lathe_text value) {
  size_t from = 0;
  for (size_t at = 0; at < value.size; at++) {
    if ((unsigned char)value.data[at] >= ' ') continue;
    lathe_buffer_append(out, value.data + from, at - from, NULL);
    lathe_buffer_text(out, value.data[at] == '\n' ? "↵" : value.data[at] == '\t' ? " " : "\uFFFD", NULL);
    from = at + 1;
  }
  lathe_buffer_append(out, value.data + from, value.size - from, NULL);
}

/* The chosen row, a line for each column. */
static void show_row(screen *s) {
  enum { LONGEST = 4000 };
  const grid *g = s->grid;
  lathe_buffer text = {0};
  char title[96], number[32];
  int widest = 0;
  for (int i = 0; i < g->count; i++) {
    int width = draw_width(g->columns[i].name, strlen(g->columns[i].name));
    if (width > widest) widest = width < 30 ? width : 30;
  }
  for (int i = 0; i < g->count && g->rows > 0; i++) {
    const grid_column *c = &g->columns[i];
    char scratch[400] = "";
    int width = draw_width(c->name, strlen(c->name));
    lathe_buffer_format(&text, NULL, "\033[2m%s\033[0m%*s  ", c->name, width < widest ? widest - width : 0,
                        "");
    if (lathe_column_present(c->column, g->row)) {
      lathe_text value = lathe_column_format(c->column, g->row, scratch);
      if (value.size > LONGEST) value.size = LONGEST;
      append_plain(&text, value);
    } else {
      lathe_buffer_text(&text, "\033[2m·\033[0m", NULL);
    }
    lathe_buffer_text(&text, "\n", NULL);
  }
  snprintf(title, sizeof title, "%s, row %s", g->name ? g->name : "", words_count(g->row + 1, number));
  if (text.data) overlay_show_text(s, title, text.data);
  lathe_buffer_free(&text);
}

static unsigned data_key(screen *s, int key) {
  grid *g = s->grid;
  if (g == NULL) return IGNORED;
  int far = frame_view_area(s).height - HEADER - 1;
  switch (key) {
  case SPECIAL(KEY_UP):
  case 'k':
    g->row--;
    break;
  case SPECIAL(KEY_DOWN):
  case 'j':
    g->row++;
    break;
  case SPECIAL(KEY_LEFT):
  case 'h':
    g->column--;
    break;
  case SPECIAL(KEY_RIGHT):
  case 'l':
    g->column++;
    break;
  case SPECIAL(KEY_PPAGE):
    g->row -= far, g->top -= far;
    break;
  case SPECIAL(KEY_NPAGE):
  case ' ':
    g->row += far, g->top += far;
    break;
  case SPECIAL(KEY_HOME):
  case 'g':
    g->row = 0;
    break;
  case SPECIAL(KEY_END):
  case 'G':
    g->row = g->rows - 1;
    break;
  case '0':
  case '^':
    g->column = 0;
    break;
  case '$':
    g->column = g->count - 1;
    break;
  case '\r':
  case '\n':
  case SPECIAL(KEY_ENTER):
    show_row(s);
    break;
  case 'p':
    wish_line(s, "show(data:profile())");
    break;
  case 'a':
    palette_open(s, ".");
    break;
  default:
    return IGNORED;
  }
  follow(g, far + 1, s->width - 1);
  return HANDLED | REDRAW;
}

static void data_wheel(screen *s, int rows) {
  grid *g = s->grid;
  if (g == NULL) return;
  int height = frame_view_area(s).height - HEADER;
  g->top += rows;
  if (g->top > g->rows - height) g->top = g->rows - height;
  if (g->top < 0) g->top = 0;
  if (g->row < g->top) g->row = g->top;
  if (g->row >= g->top + height) g->row = g->top + height - 1;
}

static void data_click(screen *s, area place, int y, int x) {
  grid *g = s->grid;
  if (g == NULL) return;
  if (y >= place.y + HEADER) g->row = g->top + y - place.y - HEADER;
  int at = g->gutter + 3;
  for (int i = g->left; i < g->count && at <= x; i++) {
    g->column = i;
    at += g->columns[i].width + GAP;
  }
  follow(g, place.height - HEADER, place.width - 1);
}

static void data_caption(screen *s, char *out, size_t capacity) {
  const grid *g = s->grid;
  char rows[32], count[32];
  if (g)
    snprintf(out, capacity, "%s  %s × %s", g->name ? g->name : "", words_count(g->rows, rows),
             words_count(g->count, count));
}

static void data_idle(screen *s, char *out, size_t capacity) {
  const grid *g = s->grid;
  char row[32], rows[32];
  if (g == NULL)
    snprintf(out, capacity, "ready");
  else
    snprintf(out, capacity, "row %s of %s", words_count(g->rows ? g->row + 1 : 0, row),
             words_count(g->rows, rows));
}

static const key_help data_keys[] = {
    {"← → ↑ ↓", "move by a cell"},
    {"PgUp PgDn", "move by a window"},
    {"Home End  g G", "first row, last row"},
    {"0 $", "first column, last column"},
    {"Enter", "the whole row, a line for each column"},
    {"p", "profile of this table, in the Report view"},
    {"a", "apply a step to this table"},
    {NULL, NULL},
};

const view view_data = {
    .name = "data",
    .label = "Data",
    .hints = "↵ row  p profile  a apply  ? keys",
    .keys = data_keys,
    .draw = draw_data,
    .key = data_key,
    .wheel = data_wheel,
    .click = data_click,
    .caption = data_caption,
    .idle = data_idle,
};
