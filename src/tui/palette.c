/* palette.c - any command or step by a few letters: Ctrl-P. */
#include <ctype.h>
#include <ncurses.h>
#include <stdlib.h>
#include <string.h>
#include "tui.h"

enum { MOST = 2000, SHOWN = 12 };

typedef struct match {
  const char *line;
  int score; /* lower is better */
} match;

/* How well `wanted` lies in `name` as letters in order: -1 when it does not. A run from the beginning of a
 * word is best. */
static int score_of(const char *wanted, const char *name, size_t size) {
  int score = 0;
  size_t at = 0;
  bool follows = false;
  for (; *wanted; wanted++) {
    if (*wanted == ' ') {
      follows = false;
      continue;
    }
    size_t from = at;
    while (at < size && tolower((unsigned char)name[at]) != tolower((unsigned char)*wanted)) at++;
    if (at == size) return -1;
    bool begins = at == 0 || !isalnum((unsigned char)name[at - 1]);
    score += at > from || !follows ? (begins ? 1 : 4 + (int)(at - from)) : 0;
    follows = true;
    at++;
  }
  return score * 8 + (int)(size / 8);
}

static int compare_matches(const void *first, const void *second) {
  const match *a = first, *b = second;
  if (a->score != b->score) return a->score - b->score;
  return a->line < b->line ? -1 : 1;
}

static int find(const palette *p, match *found) {
  int count = 0;
  for (const char *line = p->lines ? p->lines : ""; *line && count < MOST;) {
    size_t size = strcspn(line, "\n"), name = strcspn(line, "\t\n");
    int score = score_of(edit_text(&p->input), line, name);
    if (score < 0) { /* perhaps in what it does */
      score = score_of(edit_text(&p->input), line, strcspn(line + name, "\n") + name);
      if (score >= 0) score += 1000;
    }
    if (size > 0 && score >= 0) found[count++] = (match){line, score};
    line += size;
    if (*line) line++;
  }
  if (p->input.size > 0) qsort(found, (size_t)count, sizeof *found, compare_matches);
  return count;
}

void palette_open(screen *s, const char *start) {
  edit_set(&s->palette.input, start);
  s->palette.chosen = s->palette.top = 0;
  overlay_open(s, OVERLAY_PALETTE);
}

void palette_draw(screen *s, area place) {
  palette *p = &s->palette;
  match found[MOST];
  int count = find(p, found), height = place.height < SHOWN + 4 ? place.height : SHOWN + 4;
  area inside = draw_box(place, height, place.width < 84 ? place.width : 84, "Find a command or a step");
  draw(inside.y, inside.x, 1, STYLE_ACCENT, ">");
  s->cursor_y = inside.y;
  s->cursor_x = edit_draw(&p->input, inside.y, inside.x + 2, inside.width - 2, STYLE_PLAIN);
  draw_rule(inside.y + 1, inside.x, inside.width);
  int rows = inside.height - 2, widest = 12;
  if (p->chosen >= count) p->chosen = count > 0 ? count - 1 : 0;
  if (p->chosen < p->top) p->top = p->chosen;
  if (p->chosen >= p->top + rows) p->top = p->chosen - rows + 1;
  for (int i = 0; i < count; i++) {
    int width = draw_width(found[i].line, strcspn(found[i].line, "\t\n"));
    if (width > widest) widest = width < 28 ? width : 28;
  }
  for (int row = 0; row < rows && p->top + row < count; row++) {
    const char *line = found[p->top + row].line;
    size_t name = strcspn(line, "\t\n");
    bool chosen = p->top + row == p->chosen;
    int y = inside.y + 2 + row;
    if (chosen) draw_fill(y, inside.x - 1, widest + 2, STYLE_CHOSEN);
    draw_text(y, inside.x, widest, chosen ? STYLE_CHOSEN : STYLE_PLAIN, line, name);
    if (line[name] == '\t')
      draw_text(y, inside.x + widest + 2, inside.width - widest - 2, STYLE_DIM, line + name + 1,
                strcspn(line + name + 1, "\t\n"));
  }
  if (count == 0)
    draw(inside.y + 2, inside.x, inside.width, STYLE_DIM, "nothing has these letters in this order");
}

static void take(screen *s) {
  match found[MOST];
  int count = find(&s->palette, found);
  if (s->palette.chosen >= count) return;
  const char *line = found[s->palette.chosen].line;
  char copy[1024];
  size_t size = strcspn(line, "\n");
  if (size >= sizeof copy) size = sizeof copy - 1;
  memcpy(copy, line, size);
  copy[size] = '\0';
  s->overlay = OVERLAY_NONE;
  char *doc = strchr(copy, '\t'), *code = doc ? strchr(doc + 1, '\t') : NULL;
  if (doc) *doc = '\0';
  if (code)
    wish_add(s, LATHE_SCREEN_EVAL, code + 1);
  else
    wish_add(s, LATHE_SCREEN_FORM, copy);
}

unsigned palette_key(screen *s, int key) {
  palette *p = &s->palette;
  switch (key) {
  case 27:
  case CONTROL('C'):
  case CONTROL('P'):
    s->overlay = OVERLAY_NONE;
    break;
  case SPECIAL(KEY_UP):
    p->chosen -= p->chosen > 0;
    break;
  case SPECIAL(KEY_DOWN):
    p->chosen++;
    break;
  case SPECIAL(KEY_PPAGE):
    p->chosen = p->chosen > SHOWN ? p->chosen - SHOWN : 0;
    break;
  case SPECIAL(KEY_NPAGE):
    p->chosen += SHOWN;
    break;
  case '\r':
  case '\n':
  case SPECIAL(KEY_ENTER):
    take(s);
    break;
  default:
    if (edit_key(&p->input, key)) p->chosen = p->top = 0;
    break;
  }
  return HANDLED | REDRAW;
}
