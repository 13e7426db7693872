/* overlay.c - what lies over the view until it is dealt with: the keys, a text, the question of trust;
 * palette and form have files of their own. */
#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tui.h"

static const key_help common_keys[] = {
    {"1 to 5", "Flow, Data, Report, Models, Monitor (Alt-1 to Alt-5 while typing)"},
    {":  or  Tab", "the Lua console; Esc closes it, Tab on its empty line goes back"},
    {"Ctrl-P", "find any command or step by a few letters"},
    {"Esc  Ctrl-C", "stop what runs"},
    {"?", "these keys"},
    {"q", "leave lathe"},
    {NULL, NULL},
};

static const key_help console_keys[] = {
    {"Enter", "run the line"},
    {"Tab", "complete the word"},
    {"↑ ↓", "lines that were typed before"},
    {"PgUp PgDn", "scroll what was printed"},
    {"Ctrl-A E K U W", "begin, end, delete to the end, to the begin, a word"},
    {":write FILE", "keep the lines of this session as a script"},
    {NULL, NULL},
};

void overlay_open(screen *s, overlay_name name) {
  s->overlay = name;
  s->overlay_top = 0;
  s->dirty = true;
}

void overlay_show_text(screen *s, const char *title, const char *text) {
  text_set(&s->overlay_title, title);
  text_set(&s->overlay_text, text);
  overlay_open(s, OVERLAY_TEXT);
}

static void add_keys(lathe_buffer *text, const char *heading, const key_help *keys) {
  lathe_buffer_format(text, NULL, "%s\033[1m%s\033[0m\n", text->size ? "\n" : "", heading);
  for (; keys->keys; keys++) {
    int pad = 16 - draw_width(keys->keys, strlen(keys->keys));
    lathe_buffer_format(text, NULL, "\033[36m%s\033[0m%*s%s\n", keys->keys, pad > 0 ? pad : 1, "",
                        keys->does);
  }
}

/* The rows that a text takes when it is broken at `width`, and its widest line. */
static int measure(const char *text, int width, int *widest) {
  int rows = 0;
  while (*text) {
    size_t size = strcspn(text, "\n"), done = 0;
    pen ink = {0};
    int columns = draw_sgr(-1, 0, 0, &ink, text, size);
    if (columns > *widest) *widest = columns;
    do {
      done += draw_wrap(text + done, size - done, width);
      rows++;
    } while (done < size);
    text += size;
    if (*text) text++;
  }
  return rows;
}

/* Lines of text in a box as large as they need. */
static void draw_box_text(screen *s, area place, const char *title, const char *text) {
  int widest = draw_width(title, strlen(title)) + 4, lines = measure(text, place.width - 4, &widest);
  area inside = draw_box(place, lines + 2, widest + 4, title);
  if (s->overlay_top > lines - inside.height) s->overlay_top = lines - inside.height;
  if (s->overlay_top < 0) s->overlay_top = 0;
  int row = -s->overlay_top;
  pen ink = {0};
  for (const char *at = text; *at && row < inside.height;) {
    size_t size = strcspn(at, "\n"), done = 0;
    do {
      size_t piece = draw_wrap(at + done, size - done, inside.width);
      draw_sgr(row >= 0 && row < inside.height ? inside.y + row : -1, inside.x, inside.width, &ink, at + done,
               piece);
      done += piece;
      row++;
    } while (done < size);
    at += size;
    if (*at) at++;
  }
  if (lines > inside.height)
    draw_right(inside.y + inside.height, inside.x + inside.width, 20, STYLE_DIM, " ↑↓ more ");
}

static void draw_help(screen *s, area place) {
  lathe_buffer text = {0};
  if (s->console.focused)
    add_keys(&text, "Console", console_keys);
  else
    add_keys(&text, views[s->front]->label, views[s->front]->keys);
  add_keys(&text, "Everywhere", common_keys);
  if (!s->console.focused) add_keys(&text, "In the console", console_keys);
  if (text.data) draw_box_text(s, place, "Keys", text.data);
  lathe_buffer_free(&text);
}

static void draw_trust(screen *s, area place) {
  lathe_buffer text = {0};
  lathe_buffer_format(&text, NULL, "%s\n\n\033[36my\033[0m  trust it and go on\n\033[36mn\033[0m  only look",
                      s->question);
  if (text.data) draw_box_text(s, place, "A folder new to lathe", text.data);
  lathe_buffer_free(&text);
}

void overlay_draw(screen *s, area place) {
  switch (s->overlay) {
  case OVERLAY_HELP:
    draw_help(s, place);
    break;
  case OVERLAY_TEXT:
    draw_box_text(s, place, s->overlay_title ? s->overlay_title : "", s->overlay_text ? s->overlay_text : "");
    break;
  case OVERLAY_PALETTE:
    palette_draw(s, place);
    break;
  case OVERLAY_FORM:
    form_draw(s, place);
    break;
  case OVERLAY_TRUST:
    draw_trust(s, place);
    break;
  case OVERLAY_NONE:
    break;
  }
}

static unsigned trust_key(screen *s, int key) {
  bool yes = key == 'y' || key == 'Y',
       no = key == 'n' || key == 'N' || key == 27 || key == 'q' || key == CONTROL('C');
  if (!yes && !no) return HANDLED;
  s->overlay = OVERLAY_NONE;
  wish_add(s, LATHE_SCREEN_TRUST, yes ? "yes" : "no");
  return HANDLED | REDRAW;
}

static unsigned text_key(screen *s, int key) {
  int far = frame_view_area(s).height / 2;
  switch (key) {
  case SPECIAL(KEY_UP):
  case 'k':
    s->overlay_top--;
    break;
  case SPECIAL(KEY_DOWN):
  case 'j':
    s->overlay_top++;
    break;
  case SPECIAL(KEY_PPAGE):
    s->overlay_top -= far;
    break;
  case SPECIAL(KEY_NPAGE):
  case ' ':
    s->overlay_top += far;
    break;
  default:
    s->overlay = OVERLAY_NONE;
    break;
  }
  if (s->overlay_top < 0) s->overlay_top = 0;
  return HANDLED | REDRAW;
}

unsigned overlay_key(screen *s, int key) {
  switch (s->overlay) {
  case OVERLAY_PALETTE:
    return palette_key(s, key);
  case OVERLAY_FORM:
    return form_key(s, key);
  case OVERLAY_TRUST:
    return trust_key(s, key);
  default:
    return text_key(s, key);
  }
}
