/* grid.c - the columns of the Data view: sampled, formatted, and moved over a file that is not read yet. */
#include "grid.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLE = 4000, SAMPLE_CELLS = 600000, WIDEST = 40, NAME_ROOM = 15, FORMATTED = 400, SCRATCH = 400 };

bool grid_is_number(lathe_type type) {
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
    if (c->grouped) group_digits(out, capacity);
  }
}

/* The text of one present cell, in `scratch` or in the column. */
static lathe_text cell_text(const grid_column *c, int64_t row, char *scratch, size_t capacity) {
  if (c->type == LATHE_TYPE_INT64) {
    snprintf(scratch, capacity, "%lld", (long long)((const int64_t *)lathe_column_values(c->column))[row]);
    if (c->grouped) group_digits(scratch, capacity);
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

static void choose_grouped(grid_column *c, int64_t rows, int64_t stride) {
  if (!grid_is_number(c->type)) return;
  for (int64_t row = 0; row < rows && !c->grouped; row += stride)
    c->grouped = fabs(lathe_column_number(c->column, row)) >= 10000;
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
  int decimals = most < enough ? most : enough;
  if (decimals > c->decimals) c->decimals = decimals;
}

static void choose_width(grid_column *c, int64_t rows, int64_t stride) {
  char scratch[SCRATCH];
  int name = draw_width(c->name, strlen(c->name)), kind = draw_width(c->kind, strlen(c->kind));
  if (name > NAME_ROOM) name = NAME_ROOM;
  if (name > c->width) c->width = name;
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

/* Look at all columns of the table that is there now. A window of a file says nothing of the rest of it: there are no
 * counts of missing cells and no histograms. */
static void look(grid *g) {
  int64_t rows = lathe_table_rows(g->table);
  int64_t sample = g->count > 0 && SAMPLE_CELLS / g->count < SAMPLE ? SAMPLE_CELLS / g->count + 1 : SAMPLE;
  int64_t stride = rows / sample + 1;
  for (int i = 0; i < g->count; i++) {
    grid_column *c = &g->columns[i];
    c->column = lathe_table_column(g->table, i);
    c->name = lathe_table_name(g->table, i);
    c->type = lathe_column_type(c->column);
    describe_kind(c, g->preview ? 0 : rows);
    choose_grouped(c, rows, stride);
    choose_decimals(c, rows, stride);
    choose_width(c, rows, stride);
    if (!g->preview) choose_bars(c, rows, stride);
  }
}

static void count_rows(grid *g) {
  char digits[32];
  g->rows = g->preview ? lathe_csv_preview_rows(g->preview) : lathe_table_rows(g->table);
  int gutter = (int)strlen(words_count(g->rows, digits));
  if (gutter > g->gutter) g->gutter = gutter;
}

/* A grid over `table`, which it retains, or over `preview`, which is its own from here on: NULL frees it. */
grid *grid_new(const char *name, lathe_table *table, lathe_csv_preview *preview) {
  grid *g = lathe_memory_new(1, sizeof *g, NULL);
  grid_column *columns = lathe_memory_new((size_t)lathe_table_columns(table), sizeof *columns, NULL);
  if (g == NULL || columns == NULL) {
    free(g);
    free(columns);
    lathe_csv_preview_free(preview);
    return NULL;
  }
  g->columns = columns;
  g->count = lathe_table_columns(table);
  g->preview = preview;
  g->table = lathe_table_retain(table);
  text_set(&g->name, name);
  count_rows(g);
  look(g);
  return g;
}

void grid_free(grid *g) {
  if (g == NULL) return;
  lathe_csv_preview_free(g->preview);
  lathe_table_release(g->table);
  free(g->columns);
  free(g->name);
  free(g->problem);
  free(g);
}

/*** What is in sight ***/

void grid_see(grid *g, int64_t row, int height) {
  enum { CELLS = 40000 };
  count_rows(g);
  int64_t end = row + height < g->rows ? row + height : g->rows;
  if (!g->preview || (row >= g->base && end <= g->base + lathe_table_rows(g->table))) return;
  int64_t count = CELLS / (g->count + 1);
  if (count < height * 3) count = height * 3;
  int64_t base = row - (count - height) / 2;
  lathe_error error;
  lathe_table *window = lathe_csv_preview_window(g->preview, base < 0 ? 0 : base, count, &error);
  text_set(&g->problem, window ? NULL : error.message);
  if (!window) return;
  lathe_table_release(g->table);
  g->table = window;
  g->base = base < 0 ? 0 : base;
  look(g);
}

bool grid_walks(const grid *g) {
  return g && g->preview && lathe_csv_preview_done(g->preview) < 1;
}

void grid_place(grid *g, const grid *old) {
  for (int i = 0; i < g->count && old->count > 0; i++)
    if (strcmp(g->columns[i].name, old->columns[old->column].name) == 0) g->column = i;
  if (strcmp(g->name ? g->name : "", old->name ? old->name : "") != 0) return;
  g->row = old->row;
  g->top = old->top;
  g->left = old->left;
}

bool grid_present(const grid *g, int column, int64_t row) {
  row -= g->base;
  return row >= 0 && row < lathe_table_rows(g->table) && lathe_column_present(g->columns[column].column, row);
}

lathe_text grid_cell(const grid *g, int column, int64_t row, char *scratch) {
  return cell_text(&g->columns[column], row - g->base, scratch, SCRATCH);
}
