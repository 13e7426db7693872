/* tui.h - what the files of this floor share: the state of the screen, and what a view is.
 *
 *   script's thread  --lathe_screen_* (screen.c)-->  state  <--keys, drawing (frame.c, views)--  screen's
 * thread
 *                                                      |
 *   script's thread  <--lathe_screen_wait-----------  wishes
 *
 * One mutex guards the whole state. It is held for as long as a key is handled or a frame is composed, which
 * takes no longer than the visible cells; writing to the terminal happens without it. */
#ifndef LATHE_TUI_TUI_H
#define LATHE_TUI_TUI_H

#include <pthread.h>
#include "../base/memory.h"
#include "../base/progress.h"
#include "../format/csv_preview.h"
#include "draw.h"
#include "edit.h"
#include "screen.h"

enum { LEAST_WIDTH = 60, LEAST_HEIGHT = 15 };

typedef enum view_name { VIEW_FLOW, VIEW_DATA, VIEW_REPORT, VIEW_MODELS, VIEW_MONITOR, VIEW_COUNT } view_name;

/* What a key handler did. */
enum { IGNORED = 0, HANDLED = 1, REDRAW = 2 };

/*** The console (console.c) ***/

enum { CONSOLE_LINES = 4000, CONSOLE_HISTORY = 1000 };

typedef struct console {
  char *lines[CONSOLE_LINES]; /* a ring: the newest is at (begin + count - 1) % CONSOLE_LINES */
  int begin, count;
  int scroll; /* rows above the end that are passed over */
  char *history[CONSOLE_HISTORY];
  int remembered, recalled; /* recalled == remembered: the line being typed */
  char *typed;              /* what was typed before history was walked */
  char *choices;            /* the completion's, separated by line ends */
  edit input;
  bool open, focused;
} console;

/*** The Flow view (view_flow.c) ***/

typedef struct node {
  char *name, *step, *note, *detail;
  lathe_node_state state;
  double began, took; /* seconds; took < 0: not known */
} node;

typedef struct flow {
  char *name;
  node *nodes;
  int count, chosen, top, detail_top;
  char *welcome; /* shown while there is no flow */
} flow;

/*** The Data view (view_data.c) ***/

typedef struct grid grid;

/*** Report, Models and Monitor (view_report.c) ***/

typedef struct page {
  char *title, *text;
  int *starts; /* byte offsets of the lines */
  int lines, top, left;
} page;

/*** Overlays (overlay.c, palette.c, form.c) ***/

typedef enum overlay_name {
  OVERLAY_NONE,
  OVERLAY_HELP,
  OVERLAY_TEXT,
  OVERLAY_PALETTE,
  OVERLAY_FORM,
  OVERLAY_TRUST
} overlay_name;

typedef struct palette {
  char *lines; /* "name<TAB>what it does[<TAB>console line]" each */
  edit input;
  int chosen, top;
} palette;

typedef struct field {
  char *name, *type, *given, *choices, *doc;
  bool required;
  edit value;
} field;

typedef struct form {
  char *title, *doc, *problem;
  field *fields;
  int count, chosen, top;
} form;

/*** All of it ***/

typedef struct wish {
  lathe_screen_request request;
  char *text;
  struct wish *next;
} wish;

typedef struct screen {
  pthread_mutex_t lock;
  pthread_cond_t wished;
  pthread_t thread;
  bool open;    /* the thread runs */
  bool closing; /* it is asked to end */
  bool dirty;   /* the next frame differs */
  bool resting; /* the script sits in lathe_screen_wait */
  wish *wishes, *last_wish;

  char *title, *busy, *question, *notice;
  double busy_since;
  view_name front;
  overlay_name overlay;
  int overlay_top;
  char *overlay_title, *overlay_text;

  console console;
  flow flow;
  grid *grid;
  page pages[VIEW_COUNT];
  palette palette;
  form form;

  int width, height; /* of the terminal */
  int cursor_y, cursor_x;
  double cpu, memory, sampled, cpu_seconds;
} screen;

/* The keys of a view, for `?`: what to press, what it does. */
typedef struct key_help {
  const char *keys, *does;
} key_help;

typedef struct view {
  const char *name, *label;
  const char *hints; /* the three keys that matter here, "key what  key what" */
  const key_help *keys;
  void (*draw)(screen *s, area place);
  unsigned (*key)(screen *s, int key);
  void (*wheel)(screen *s, int rows);
  void (*click)(screen *s, area place, int y, int x);
  void (*caption)(screen *s, char *out, size_t capacity); /* beside the title */
  void (*idle)(screen *s, char *out, size_t capacity);    /* the status line's left end when nothing runs */
} view;

extern const view view_flow, view_data, view_report, view_models, view_monitor;
extern const view *const views[VIEW_COUNT];

/* Replace a text the state owns. */
void text_set(char **slot, const char *text);

/* Ask the script for something (drops the wish when memory is out). With the lock held. */
void wish_add(screen *s, lathe_screen_request request, const char *text);
void wish_line(screen *s, const char *format, ...) LATHE_PRINTF(2, 3); /* EVAL */
bool script_working(const screen *s);
double clock_now(void);

void front_set(screen *s, view_name name);

/* frame.c */
void frame_draw(screen *s);
unsigned frame_key(screen *s, int key);
bool frame_knows_alt(int key); /* whether this key with Alt is one of ours */
void frame_sample(screen *s);  /* CPU and memory of the process */
area frame_view_area(const screen *s);

/* console.c */
void console_print(console *c, const char *text);
void console_remember(console *c, const char *line);
void console_complete(console *c, const char *line, const char *words);
void console_draw(screen *s, area place);
void console_peek(screen *s, int y, int x, int width);
unsigned console_key(screen *s, int key);
void console_open(screen *s, bool open);
void console_wheel(screen *s, int rows);
void console_free(console *c);

/* The views' own */
void flow_begin(flow *f, const char *name, int count);
void flow_node(flow *f, int index, node given); /* copies the texts */
void flow_free(flow *f);
grid *grid_new(const char *name, lathe_table *table, lathe_csv_preview *preview);
void grid_free(grid *g);
bool grid_walks(const grid *g); /* rows are still being found */
void grid_place(
    grid *g,
    const grid *old); /* go to where the cursor is in `old`, which shows the same table in another state */
void page_set(page *p, const char *title, const char *text);
void page_free(page *p);

/* The overlays */
void overlay_draw(screen *s, area place);
unsigned overlay_key(screen *s, int key);
void overlay_open(screen *s, overlay_name name);
void overlay_show_text(screen *s, const char *title, const char *text);
void palette_draw(screen *s, area place);
unsigned palette_key(screen *s, int key);
void palette_open(screen *s, const char *start);
void form_draw(screen *s, area place);
unsigned form_key(screen *s, int key);
void form_free(form *f);

#endif
