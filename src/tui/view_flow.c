/* view_flow.c - the nodes of a flow and how far each is; on the right, the chosen one. */
#include <ncurses.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tui.h"

static void node_free(node *n) {
  free(n->name);
  free(n->step);
  free(n->note);
  free(n->detail);
}

void flow_free(flow *f) {
  for (int i = 0; i < f->count; i++) node_free(&f->nodes[i]);
  free(f->nodes);
  free(f->name);
  free(f->welcome);
  *f = (flow){0};
}

void flow_begin(flow *f, const char *name, int count) {
  bool same = f->name && strcmp(f->name, name) == 0 && f->count == count;
  int chosen = same ? f->chosen : 0;
  char *welcome = f->welcome;
  f->welcome = NULL;
  flow_free(f);
  f->welcome = welcome;
  text_set(&f->name, name);
  if (count > 0) f->nodes = lathe_memory_new((size_t)count, sizeof *f->nodes, NULL);
  f->count = f->nodes ? count : 0;
  f->chosen = chosen;
  for (int i = 0; i < f->count; i++) f->nodes[i].took = -1;
}

void flow_node(flow *f, int index, node given) {
  if (index < 0 || index >= f->count) return;
  node *n = &f->nodes[index];
  if (given.state == LATHE_NODE_RUNNING && n->state != LATHE_NODE_RUNNING) n->began = clock_now();
  n->state = given.state;
  n->took = given.took;
  text_set(&n->name, given.name);
  text_set(&n->step, given.step);
  text_set(&n->note, given.note);
  text_set(&n->detail, given.detail);
}

static const char *text_of(const char *text) {
  return text ? text : "";
}

static const char *glyph(const node *n, style *name) {
  switch (n->state) {
  case LATHE_NODE_RUNNING:
    *name = STYLE_ACCENT;
    return words_spinner();
  case LATHE_NODE_DONE:
    *name = STYLE_GOOD;
    return "✓";
  case LATHE_NODE_CACHED:
    *name = STYLE_DIM;
    return "✓";
  case LATHE_NODE_FAILED:
    *name = STYLE_ERROR;
    return "✗";
  case LATHE_NODE_SKIPPED:
    *name = STYLE_DIM;
    return "–";
  case LATHE_NODE_WAITING:
    break;
  }
  *name = STYLE_DIM;
  return "·";
}

/* The columns of the list: names as wide as they are, steps too, then the note, then the time at the right edge. */
typedef struct columns {
  int name, step, note, time;
} columns;

static int widest(const flow *f, size_t text, int least) {
  int most = least;
  for (int i = 0; i < f->count; i++) {
    const char *value = text_of(*(char *const *)((const char *)&f->nodes[i] + text));
    int width = draw_width(value, strlen(value));
    if (width > most) most = width;
  }
  return most;
}

enum { MARK = 3, GAPS = 6, TIME = 8 };

/* As wide as its texts want, and at least half of the window; the details get the rest. */
static int list_width(const flow *f, int width) {
  int wanted = MARK + widest(f, offsetof(node, name), 4) + widest(f, offsetof(node, step), 4) +
               widest(f, offsetof(node, note), 12) + GAPS + TIME + 2;
  int least = width / 2 > 38 ? width / 2 : 38, most = width * 13 / 20;
  return wanted < least ? least : wanted > most ? most : wanted;
}

static columns measure(const flow *f, int width) {
  columns c = {widest(f, offsetof(node, name), 4), widest(f, offsetof(node, step), 4), 0, TIME};
  if (c.name > width / 4) c.name = width / 4;
  int room = width - MARK - c.name - 2;
  if (room - c.step - 2 < 14 + c.time + 1) c.time = 0;
  if (room - c.step - 2 < 12) c.step = room - 14 > 6 ? room - 14 : 6;
  c.note = room - c.step - 2 - (c.time ? c.time + 2 : 0);
  return c;
}

static void draw_node(const flow *f, int index, int y, int x, const columns *c) {
  const node *n = &f->nodes[index];
  bool chosen = index == f->chosen, still = n->state == LATHE_NODE_WAITING || n->state == LATHE_NODE_SKIPPED;
  style mark;
  const char *sign = glyph(n, &mark);
  draw(y, x + 1, 1, mark, sign);
  int at = x + 3;
  if (chosen) draw_fill(y, at - 1, c->name + 2, STYLE_CHOSEN);
  draw(y, at, c->name, chosen ? STYLE_CHOSEN : still ? STYLE_DIM : STYLE_BRIGHT, text_of(n->name));
  at += c->name + 2;
  draw(y, at, c->step, STYLE_DIM, text_of(n->step));
  at += c->step + 2;
  lathe_progress_state state;
  lathe_progress_read(lathe_progress_main(), &state);
  char took[32] = "";
  if (n->state == LATHE_NODE_RUNNING && state.running && state.total > 0 && c->note >= 12) {
    double part = (double)state.done / (double)state.total;
    draw_bar(y, at, c->note - 6, part);
    draw_format(y, at + c->note - 5, 5, STYLE_PLAIN, "%3.0f %%", part > 1 ? 100 : part * 100);
  } else {
    draw_right(y, at + c->note, c->note,
               n->state == LATHE_NODE_FAILED ? STYLE_ERROR
               : still                       ? STYLE_DIM
                                             : STYLE_PLAIN,
               text_of(n->note));
  }
  if (c->time == 0) return;
  if (n->state == LATHE_NODE_RUNNING)
    words_seconds(clock_now() - n->began, took);
  else if (n->state == LATHE_NODE_CACHED)
    snprintf(took, sizeof took, "kept");
  else if (n->took >= 0)
    words_seconds(n->took, took);
  draw_right(y, at + c->note + 2 + c->time, c->time, STYLE_DIM, took);
}

static void draw_detail(screen *s, area place) {
  const flow *f = &s->flow;
  const node *n = &f->nodes[f->chosen];
  const char *text = text_of(n->detail);
  for (int skip = f->detail_top; skip > 0 && *text; skip--) {
    text += strcspn(text, "\n");
    if (*text) text++;
  }
  draw_lines(place, STYLE_PLAIN, text);
}

static void draw_flow(screen *s, area place) {
  flow *f = &s->flow;
  if (f->count == 0) {
    area inside = {place.y + 1, place.x + 2, place.height - 1, place.width - 4};
    if (f->welcome) draw_lines(inside, STYLE_PLAIN, f->welcome);
    return;
  }
  int list = list_width(f, place.width);
  if (f->chosen < f->top) f->top = f->chosen;
  if (f->chosen >= f->top + place.height) f->top = f->chosen - place.height + 1;
  columns c = measure(f, list - 2);
  for (int row = 0; row < place.height && f->top + row < f->count; row++)
    draw_node(f, f->top + row, place.y + row, place.x, &c);
  draw_upright(place.y, list, place.height);
  draw_detail(s, (area){place.y, list + 2, place.height, place.width - list - 3});
}

static void choose(flow *f, int index) {
  if (index >= f->count) index = f->count - 1;
  if (index < 0) index = 0;
  if (index != f->chosen) f->detail_top = 0;
  f->chosen = index;
}

static unsigned flow_key(screen *s, int key) {
  flow *f = &s->flow;
  int far = frame_view_area(s).height - 1;
  if (f->count == 0) return IGNORED;
  switch (key) {
  case SPECIAL(KEY_UP):
  case 'k':
    choose(f, f->chosen - 1);
    break;
  case SPECIAL(KEY_DOWN):
  case 'j':
    choose(f, f->chosen + 1);
    break;
  case SPECIAL(KEY_PPAGE):
    choose(f, f->chosen - far);
    break;
  case SPECIAL(KEY_NPAGE):
    choose(f, f->chosen + far);
    break;
  case SPECIAL(KEY_HOME):
  case 'g':
    choose(f, 0);
    break;
  case SPECIAL(KEY_END):
  case 'G':
    choose(f, f->count - 1);
    break;
  case '[':
    f->detail_top -= f->detail_top > 0;
    break;
  case ']':
    f->detail_top++;
    break;
  case '\r':
  case '\n':
  case SPECIAL(KEY_ENTER):
    wish_add(s, LATHE_SCREEN_NODE, text_of(f->nodes[f->chosen].name));
    break;
  case 'r':
    wish_line(s, "flow:run()");
    break;
  case 'R':
    wish_line(s, "flow:run { fresh = true }");
    break;
  case 'o':
    wish_line(s, "flow:run { only = \"%s\" }", text_of(f->nodes[f->chosen].name));
    break;
  case 'a':
    palette_open(s, ".");
    break;
  default:
    return IGNORED;
  }
  return HANDLED | REDRAW;
}

static void flow_wheel(screen *s, int rows) {
  choose(&s->flow, s->flow.chosen + (rows > 0 ? 1 : -1));
}

static void flow_click(screen *s, area place, int y, int x) {
  flow *f = &s->flow;
  int index = f->top + y - place.y;
  if (x >= list_width(f, place.width) || index >= f->count) return;
  if (index == f->chosen) wish_add(s, LATHE_SCREEN_NODE, text_of(f->nodes[index].name));
  choose(f, index);
}

static void flow_idle(screen *s, char *out, size_t capacity) {
  const flow *f = &s->flow;
  int done = 0, failed = 0;
  for (int i = 0; i < f->count; i++) {
    done += f->nodes[i].state == LATHE_NODE_DONE || f->nodes[i].state == LATHE_NODE_CACHED;
    failed += f->nodes[i].state == LATHE_NODE_FAILED;
  }
  if (f->count == 0)
    snprintf(out, capacity, "ready");
  else if (failed)
    snprintf(out, capacity, "%d of %d done, %d failed", done, f->count, failed);
  else if (done == f->count)
    snprintf(out, capacity, "all %d done", done);
  else
    snprintf(out, capacity, done ? "%d of %d done" : "not run yet", done, f->count);
}

static const key_help flow_keys[] = {
    {"↑ ↓", "choose a node"},
    {"Enter", "open what the node made: a table, a report, a model"},
    {"r", "run the flow; what did not change is kept"},
    {"R", "run all of it afresh"},
    {"o", "run only the chosen node and what it needs"},
    {"a", "apply a step to the table in the Data view"},
    {"[ ]", "scroll the details"},
    {NULL, NULL},
};

const view view_flow = {
    .name = "flow",
    .label = "Flow",
    .hints = "r run  ↵ open  ? keys",
    .keys = flow_keys,
    .draw = draw_flow,
    .key = flow_key,
    .wheel = flow_wheel,
    .click = flow_click,
    .idle = flow_idle,
};
