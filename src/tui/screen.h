/* screen.h - the workbench's screen, as scripts see it.
 *
 * The screen runs on a thread of its own, which alone touches ncurses. The script's thread shows it things and asks it what the
 * user wants; it never waits for the terminal, and the terminal never waits for it. All functions here may be called from
 * any thread while the screen is open, and do nothing while it is not. */
#ifndef LATHE_TUI_SCREEN_H
#define LATHE_TUI_SCREEN_H

#include "../base/error.h"
#include "../table/table.h"

/* What the user wants the script to do. `text` belongs to the event. */
typedef enum lathe_screen_request {
  LATHE_SCREEN_NOTHING,  /* the wait was over */
  LATHE_SCREEN_EVAL,     /* run `text`, a console line */
  LATHE_SCREEN_COMPLETE, /* complete `text` at its end; answer with lathe_screen_complete */
  LATHE_SCREEN_VIEW,     /* the view named `text` came in front: bring it up to date */
  LATHE_SCREEN_NODE,     /* the node named `text` was opened in the Flow view */
  LATHE_SCREEN_FORM,     /* the step named `text` was chosen in the palette: answer with lathe_screen_form_begin */
  LATHE_SCREEN_TRUST,    /* `text` is "yes" or "no" */
  LATHE_SCREEN_QUIT,
} lathe_screen_request;

typedef enum lathe_node_state {
  LATHE_NODE_WAITING,
  LATHE_NODE_RUNNING,
  LATHE_NODE_DONE,
  LATHE_NODE_CACHED,
  LATHE_NODE_FAILED,
  LATHE_NODE_SKIPPED,
} lathe_node_state;

/* Take the terminal and start. `title` is the project's name. False when there is no terminal, or it cannot be used. */
bool lathe_screen_open(const char *title, lathe_error *error);

/* Give the terminal back and wait for the thread. */
void lathe_screen_close(void);

/* The next wish of the user, at most `milliseconds` later. `text` (capacity bytes) gets its text, NUL-terminated and cut. */
lathe_screen_request lathe_screen_wait(int32_t milliseconds, char *text, size_t capacity);

/* Show. Text may hold line ends and the SGR escapes that lathe.style makes (ESC [ ... m); nothing else of the terminal's. */
void lathe_screen_print(const char *text);                     /* lines in the console */
void lathe_screen_busy(const char *what);                      /* the foreground work; "" when idle */
void lathe_screen_title(const char *title);
void lathe_screen_table(const char *name, lathe_table *table); /* the Data view; retains the table */
void lathe_screen_report(const char *view, const char *title, const char *text); /* "report", "models" or "monitor" */
void lathe_screen_front(const char *view);                     /* "flow", "data", "report", "models", "monitor" */
void lathe_screen_complete(const char *line, const char *words); /* the line made longer, and the choices, a line each */
void lathe_screen_trust(const char *question);                 /* ask yes or no */

/* The Flow view: begin a flow of `count` nodes, then set each as often as it changes. `note` is a few words ("20,640 rows"), `detail`
 * the lines on the right. */
void lathe_screen_flow(const char *name, int32_t count);
void lathe_screen_node(int32_t index, const char *name, const char *step, lathe_node_state state, const char *note,
                       const char *detail);

/* The palette's commands (a line each, "name<TAB>what it does"), and a form for a step: fields in order, then show it. When the user
 * accepts, the script gets EVAL with the line that `template` gives: "${name}" is replaced by the Lua value of each field,
 * and fields left at their default are omitted from "${params}". */
void lathe_screen_palette(const char *lines);
void lathe_screen_form_begin(const char *title, const char *doc, const char *template_line);
void lathe_screen_form_field(const char *name, const char *type, const char *value, const char *choices, const char *doc,
                             bool required);
void lathe_screen_form_show(void);

#endif
