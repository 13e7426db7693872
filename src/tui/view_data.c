/* view_data.c - a grid over a table of any length: only the cells that are seen are formatted. */
#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "grid.h"

#define MARK " · by "

/*** Drawing ***/

static void draw_cell(const grid *g, int column, int64_t row, int y, int x, int room) {
  char scratch[400];
  bool chosen = row == g->row && column == g->column, right = grid_is_number(g->columns[column].type);
  if (chosen) draw_fill(y, x, room, STYLE_CHOSEN);
  if (!grid_present(g, column, row)) {
    draw(y, right ? x + room - 1 : x, 1, chosen ? STYLE_CHOSEN : STYLE_DIM, "·");
    return;
  }
  lathe_text text = grid_cell(g, column, row, scratch);
  int width = draw_width(text.data, text.size);
  if (right && width < room) x += room - width, room = width;
  draw_text(y, x, room, chosen ? STYLE_CHOSEN : STYLE_PLAIN, text.data, text.size);
}

/* A number is never cut: the column grows when a longer one comes into sight. */
static void widen(grid *g, int column, int64_t from, int64_t to) {
  grid_column *c = &g->columns[column];
  char scratch[400];
  if (!grid_is_number(c->type)) return;
  for (int64_t row = from; row < to; row++) {
    if (!grid_present(g, column, row)) continue;
    lathe_text text = grid_cell(g, column, row, scratch);
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
  if (grid_is_number(c->type) && width < room)
    draw_right(y, x + room, room, name, c->name);
  else
    draw(y, x, room, name, c->name);
  if (grid_is_number(c->type)) {
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
  grid_see(g, g->top, height);
  follow(g, height, place.width - 1);
  grid_see(g, g->top, height);
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
    if (room < c->width && (room < 4 || grid_is_number(c->type)) &&
        i > g->left) { /* half a number would be a wrong one */
      draw(place.y, x, room, STYLE_DIM, "…");
      break;
    }
    draw_header(g, i, place.y, x, room);
    for (int64_t row = g->top; row < end; row++)
      draw_cell(g, i, row, place.y + HEADER + (int)(row - g->top), x, room);
    x += room + GAP;
  }
  if (g->rows == 0) draw(place.y + HEADER, g->gutter + 3, 40, STYLE_DIM, "no rows");
  if (g->problem)
    draw_lines((area){place.y + HEADER, g->gutter + 3, height, place.width - g->gutter - 5}, STYLE_ERROR,
               g->problem);
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
    if (grid_present(g, i, g->row)) {
      lathe_text value = lathe_column_format(c->column, g->row - g->base, scratch);
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

/* A text as a Lua string. */
static void append_quoted(lathe_buffer *out, const char *text) {
  lathe_buffer_text(out, "\"", NULL);
  for (; *text; text++) {
    if ((unsigned char)*text < ' ')
      lathe_buffer_format(out, NULL, "\\%03d", *text);
    else
      lathe_buffer_format(out, NULL, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
  }
  lathe_buffer_text(out, "\"", NULL);
}

/* Ask for show(data:VERB...) with the chosen column's name in it. */
static void wish_verb(screen *s, const char *before, const char *sign, const char *behind,
                      const char *title) {
  const grid *g = s->grid;
  if (g->count == 0) return;
  lathe_buffer line = {0}, name = {0};
  lathe_buffer_format(&name, NULL, "%s%s", sign, g->columns[g->column].name);
  lathe_buffer_text(&line, before, NULL);
  if (name.data) append_quoted(&line, name.data);
  lathe_buffer_text(&line, behind, NULL);
  if (title) {
    lathe_buffer_text(&line, ", ", NULL);
    append_quoted(&line, title);
  }
  lathe_buffer_text(&line, ")", NULL);
  if (line.data) wish_line(s, "%s", line.data);
  lathe_buffer_free(&line);
  lathe_buffer_free(&name);
}

/* Upwards, and when it is sorted so already, downwards. The title tells which. */
static void sort_by_column(screen *s) {
  const grid *g = s->grid;
  if (g->count == 0) return;
  const char *name = g->columns[g->column].name, *old = g->name ? g->name : "table",
             *mark = strstr(old, MARK);
  int size = mark ? (int)(mark - old) : (int)strlen(old);
  char title[400], upwards[400];
  snprintf(upwards, sizeof upwards, "%.*s" MARK "%s ↑", size, old, name);
  bool down = strcmp(upwards, old) == 0;
  snprintf(title, sizeof title, "%.*s" MARK "%s %s", size, old, name, down ? "↓" : "↑");
  wish_verb(s, "show(data:sort ", down ? "-" : "", "", title);
}

/* How often each value of the column occurs. */
static void count_values(screen *s) {
  const grid *g = s->grid;
  char title[400];
  if (g->count == 0) return;
  snprintf(title, sizeof title, "values of %s", g->columns[g->column].name);
  wish_verb(s, "show(data:value_counts ", "", "", title);
}

/* The console with a filter begun. */
static void begin_filter(screen *s) {
  const grid *g = s->grid;
  if (g->count == 0) return;
  const char *name = g->columns[g->column].name, *at = name;
  while (*at == '_' || (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
         (at > name && *at >= '0' && *at <= '9'))
    at++;
  lathe_buffer line = {0};
  lathe_buffer_format(&line, NULL, "show(data:filter \"%s%s\")", *at ? "" : name, *at ? "" : " ");
  if (line.data) {
    console_open(s, true);
    edit_set(&s->console.input, line.data);
    s->console.input.cursor = line.size - 2;
  }
  lathe_buffer_free(&line);
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
  case 's':
    sort_by_column(s);
    break;
  case '/':
    begin_filter(s);
    break;
  case 'f':
    count_values(s);
    break;
  case 'c':
    wish_verb(s, "show(data:select { ", "", " }:profile()", NULL);
    break;
  case 'u':
    wish_line(s, "back()");
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
    snprintf(out, capacity, "%s  %s%s × %s", g->name ? g->name : "", words_count(g->rows, rows),
             grid_walks(g) ? "+" : "", words_count(g->count, count));
}

static void data_idle(screen *s, char *out, size_t capacity) {
  const grid *g = s->grid;
  char row[32], rows[32];
  if (g == NULL)
    snprintf(out, capacity, "ready");
  else
    snprintf(out, capacity, "row %s of %s", words_count(g->rows ? g->row + 1 : 0, row),
             words_count(g->rows, rows));
  if (grid_walks(g)) {
    size_t used = strlen(out);
    snprintf(out + used, capacity - used, "  %.0f %% of the file", 100 * lathe_csv_preview_done(g->preview));
  }
}

static const key_help data_keys[] = {
    {"← → ↑ ↓", "move by a cell"},
    {"PgUp PgDn", "move by a window"},
    {"Home End  g G", "first row, last row"},
    {"0 $", "first column, last column"},
    {"Enter", "the whole row, a line for each column"},
    {"s", "sort by this column; again: downwards"},
    {"/", "filter: the rows for which an expression holds"},
    {"f", "how often each value of this column occurs"},
    {"c", "profile of this column"},
    {"u", "back to the table before"},
    {"p", "profile of this table, in the Report view"},
    {"a", "apply a step to this table"},
    {NULL, NULL},
};

const view view_data = {
    .name = "data",
    .label = "Data",
    .hints = "s sort  / filter  f frequencies  a apply  ? keys",
    .keys = data_keys,
    .draw = draw_data,
    .key = data_key,
    .wheel = data_wheel,
    .click = data_click,
    .caption = data_caption,
    .idle = data_idle,
};
