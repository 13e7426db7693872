/* view_report.c - text that a script has laid out, to scroll through: the Report, Models and Monitor views.
 */
#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tui.h"

void page_free(page *p) {
  free(p->title);
  free(p->text);
  free(p->starts);
  *p = (page){0};
}

void page_set(page *p, const char *title, const char *text) {
  int lines = 1;
  for (const char *at = text; *at; at++) lines += *at == '\n' && at[1] != '\0';
  int *starts = lathe_memory_new((size_t)lines, sizeof *starts, NULL);
  if (starts == NULL) return;
  int line = 0;
  for (const char *at = text; *at && line + 1 < lines; at++)
    if (*at == '\n') starts[++line] = (int)(at + 1 - text);
  bool same = p->title && strcmp(p->title, title) == 0;
  free(p->starts);
  p->starts = starts;
  p->lines = lines;
  text_set(&p->title, title);
  text_set(&p->text, text);
  if (!same) p->top = p->left = 0;
}

static const char *const empty[VIEW_COUNT] = {
    [VIEW_REPORT] =
        "No report yet.\n\nA report is what a profile, an evaluation or a check of a model gives.\n"
        "Press 2 and then p for a profile of the table there, or 1 and Enter on a node that made a report.",
    [VIEW_MODELS] =
        "No models here yet.\n\nA flow that fits a model keeps it in this folder; then it is listed here.",
    [VIEW_MONITOR] = "Nothing is served now.\n\nAn endpoint that this program serves shows its requests, "
                     "latencies and memory here.",
};

static void limit(page *p, int height) {
  if (p->top > p->lines - height) p->top = p->lines - height;
  if (p->top < 0) p->top = 0;
}

static void draw_page(screen *s, area place) {
  page *p = &s->pages[s->front];
  if (p->text == NULL || p->starts == NULL) {
    draw_lines((area){place.y + 1, 2, place.height - 1, place.width - 4}, STYLE_DIM, empty[s->front]);
    return;
  }
  limit(p, place.height);
  for (int row = 0; row < place.height && p->top + row < p->lines; row++) {
    const char *line = p->text + p->starts[p->top + row];
    pen ink = {0};
    draw_sgr(place.y + row, 1, place.width - 2, &ink, line, strcspn(line, "\n"));
  }
}

static unsigned page_key(screen *s, int key) {
  page *p = &s->pages[s->front];
  int height = frame_view_area(s).height;
  switch (key) {
  case SPECIAL(KEY_UP):
  case 'k':
    p->top--;
    break;
  case SPECIAL(KEY_DOWN):
  case 'j':
    p->top++;
    break;
  case SPECIAL(KEY_PPAGE):
    p->top -= height - 1;
    break;
  case SPECIAL(KEY_NPAGE):
  case ' ':
    p->top += height - 1;
    break;
  case SPECIAL(KEY_HOME):
  case 'g':
    p->top = 0;
    break;
  case SPECIAL(KEY_END):
  case 'G':
    p->top = p->lines;
    break;
  case 'r':
    wish_add(s, LATHE_SCREEN_VIEW, views[s->front]->name);
    break;
  default:
    return IGNORED;
  }
  limit(p, height);
  return HANDLED | REDRAW;
}

static void page_wheel(screen *s, int rows) {
  page *p = &s->pages[s->front];
  p->top += rows;
  limit(p, frame_view_area(s).height);
}

static void page_caption(screen *s, char *out, size_t capacity) {
  const char *title = s->pages[s->front].title;
  if (title && s->title && strcmp(title, s->title) == 0) title = NULL; /* it stands there already */
  snprintf(out, capacity, "%s", title ? title : "");
}

static void page_idle(screen *s, char *out, size_t capacity) {
  const page *p = &s->pages[s->front];
  int height = frame_view_area(s).height, last = p->top + height < p->lines ? p->top + height : p->lines;
  if (p->text == NULL)
    snprintf(out, capacity, "ready");
  else if (p->lines > height)
    snprintf(out, capacity, "line %d to %d of %d", p->top + 1, last, p->lines);
  else
    snprintf(out, capacity, "%d lines", p->lines);
}

static const key_help page_keys[] = {
    {"↑ ↓", "scroll by a line"},
    {"PgUp PgDn", "scroll by a window"},
    {"Home End", "to the beginning, to the end"},
    {"r", "bring it up to date"},
    {NULL, NULL},
};

#define PAGE_VIEW(word, title)                                                                               \
  {                                                                                                          \
    .name = word, .label = title, .hints = "↑↓ scroll  ^P commands  ? keys", .keys = page_keys,              \
    .draw = draw_page, .key = page_key, .wheel = page_wheel, .caption = page_caption, .idle = page_idle,     \
  }

const view view_report = PAGE_VIEW("report", "Report");
const view view_models = PAGE_VIEW("models", "Models");
const view view_monitor = PAGE_VIEW("monitor", "Monitor");
