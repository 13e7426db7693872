/* form.c - the parameters of a step as fields; made by the script from the step's schema, and checked by it.
 */
#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tui.h"

void form_free(form *f) {
  for (int i = 0; i < f->count; i++) {
    field *one = &f->fields[i];
    free(one->name);
    free(one->type);
    free(one->given);
    free(one->choices);
    free(one->doc);
    edit_free(&one->value);
  }
  free(f->fields);
  free(f->title);
  free(f->doc);
  free(f->problem);
  *f = (form){0};
}

static int widest_name(const form *f) {
  int widest = 6;
  for (int i = 0; i < f->count; i++) {
    int width = draw_width(f->fields[i].name, strlen(f->fields[i].name)) + 1;
    if (width > widest) widest = width < 24 ? width : 24;
  }
  return widest;
}

/* The line below the fields: what the chosen one is for, its type, and its choices. */
static void draw_about(const field *one, area place) {
  char text[1024];
  char choices[512] = "";
  if (one->choices) {
    snprintf(choices, sizeof choices, "%s", one->choices);
    for (char *at = choices; (at = strchr(at, '\n')) != NULL;) *at = ' ';
  }
  bool has_choices = choices[0] != '\0';
  snprintf(text, sizeof text, "%s%s\033[2m%s%s%s%s\033[0m", one->doc ? one->doc : "",
           one->doc && *one->doc ? "  " : "", one->type ? one->type : "", one->required ? ", needed" : "",
           has_choices ? "  ←→ " : "", choices);
  draw_lines(place, STYLE_PLAIN, text);
}

void form_draw(screen *s, area place) {
  form *f = &s->form;
  int width = place.width < 78 ? place.width : 78, names = widest_name(f);
  area inside = draw_box(place, f->count + 9, width, f->title ? f->title : "");
  int y = inside.y;
  y += draw_lines((area){y, inside.x, 2, inside.width}, STYLE_DIM, f->doc ? f->doc : "") + 1;
  int foot = inside.y + inside.height - 4, rows = foot - y;
  if (rows < 1) rows = 1;
  if (f->chosen < f->top) f->top = f->chosen;
  if (f->chosen >= f->top + rows) f->top = f->chosen - rows + 1;
  for (int i = f->top; i < f->count && i < f->top + rows; i++, y++) {
    field *one = &f->fields[i];
    bool chosen = i == f->chosen;
    draw(y, inside.x, names, chosen ? STYLE_ACCENT : STYLE_PLAIN, one->name);
    if (one->required && one->value.size == 0) draw(y, inside.x + names, 1, STYLE_WARN, "*");
    int x = inside.x + names + 2, room = inside.width - names - 2;
    bool same = one->given && strcmp(edit_text(&one->value), one->given) == 0;
    int cursor = edit_draw(&one->value, y, x, room, same && !chosen ? STYLE_DIM : STYLE_BRIGHT);
    if (chosen) {
      draw(y, inside.x - 1, 1, STYLE_ACCENT, "▸");
      s->cursor_y = y;
      s->cursor_x = cursor;
    }
  }
  draw_rule(foot, inside.x, inside.width);
  area about = {foot + 1, inside.x, 3, inside.width};
  if (f->problem)
    draw_lines(about, STYLE_ERROR, f->problem);
  else if (f->count > 0)
    draw_about(&f->fields[f->chosen], about);
  else
    draw(about.y, about.x, about.width, STYLE_DIM, "It has no parameters: press Enter.");
}

/* Left and right walk through the choices of a field that has some. */
static bool turn(field *one, int step) {
  if (one->choices == NULL || *one->choices == '\0') return false;
  const char *starts[64];
  size_t sizes[64];
  int count = 0, now = -1;
  for (const char *at = one->choices; *at && count < 64;) {
    starts[count] = at;
    sizes[count] = strcspn(at, "\n");
    if (sizes[count] == one->value.size && strncmp(at, edit_text(&one->value), sizes[count]) == 0)
      now = count;
    at += sizes[count++];
    if (*at) at++;
  }
  if (count == 0) return false;
  if (now < 0 && one->value.size > 0 && step == 0) return false;
  int next = now < 0 ? (step > 0 ? 0 : count - 1) : (now + step + count) % count;
  char *text = lathe_memory_text(starts[next], sizes[next], NULL);
  if (text) edit_set(&one->value, text);
  free(text);
  return true;
}

static void accept(screen *s) {
  form *f = &s->form;
  lathe_buffer text = {0};
  lathe_buffer_text(&text, "", NULL);
  for (int i = 0; i < f->count; i++) {
    const field *one = &f->fields[i];
    if (one->value.size > 0) lathe_buffer_format(&text, NULL, "%s\t%s\n", one->name, edit_text(&one->value));
  }
  wish_add(s, LATHE_SCREEN_ACCEPT, text.data ? text.data : "");
  lathe_buffer_free(&text);
}

unsigned form_key(screen *s, int key) {
  form *f = &s->form;
  field *one = f->count > 0 ? &f->fields[f->chosen] : NULL;
  text_set(&f->problem, NULL);
  switch (key) {
  case 27:
  case CONTROL('C'):
    s->overlay = OVERLAY_NONE;
    break;
  case SPECIAL(KEY_UP):
  case SPECIAL(KEY_BTAB):
    f->chosen = f->count ? (f->chosen + f->count - 1) % f->count : 0;
    break;
  case SPECIAL(KEY_DOWN):
  case '\t':
    f->chosen = f->count ? (f->chosen + 1) % f->count : 0;
    break;
  case '\r':
  case '\n':
  case SPECIAL(KEY_ENTER):
    accept(s);
    break;
  case SPECIAL(KEY_LEFT):
    if (one && !turn(one, -1)) edit_key(&one->value, key);
    break;
  case SPECIAL(KEY_RIGHT):
    if (one && !turn(one, 1)) edit_key(&one->value, key);
    break;
  default:
    if (one) edit_key(&one->value, key);
    break;
  }
  return HANDLED | REDRAW;
}
