/* screen.h - the workbench's screen, as scripts see it.
 *
 * The screen runs on a thread of its own, which alone touches ncurses. The script's thread shows it things
 * and asks it what the user wants; it never waits for the terminal, and the terminal never waits for it. All
 * functions here may be called from any thread while the screen is open, and do nothing while it is not.
 *
 * While the script works (it is not in lathe_screen_wait), Esc and Ctrl-C call lathe_interrupt_request and
 * drop the console lines that wait. */
#ifndef LATHE_TUI_SCREEN_H
#define LATHE_TUI_SCREEN_H

#include "../base/error.h"
#include "../format/csv.h"

/* What the user wants the script to do, with its text. */
typedef enum lathe_screen_request {
  LATHE_SCREEN_NOTHING,  /* the wait was over */
  LATHE_SCREEN_EVAL,     /* run the text, a line for the console: show it there first */
  LATHE_SCREEN_ENTER,    /* the same for a line that was typed: remember it in the history, too */
  LATHE_SCREEN_COMPLETE, /* complete the text at its end; answer with lathe_screen_complete */
  LATHE_SCREEN_VIEW,     /* the view of that name came in front, or its width changed: bring it up to date */
  LATHE_SCREEN_NODE,     /* the node of that name was opened in the Flow view */
  LATHE_SCREEN_FORM,     /* the step of that name was chosen: answer with lathe_screen_form_begin */
  LATHE_SCREEN_ACCEPT, /* the form was accepted: "name<TAB>what was typed", a line for each field that is not
                        * empty. Answer with lathe_screen_form_problem, or with lathe_screen_form_end and do
                        * it */
  LATHE_SCREEN_TRUST,  /* "yes" or "no" */
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

/* Take the terminal and start. `title` is the project's name. False when there is no terminal, or it cannot
 * be used. */
bool lathe_screen_open(const char *title, lathe_error *error);

/* Give the terminal back and wait for the thread. A signal that ended the work (SIGTERM, SIGHUP) is raised
 * again after that. */
void lathe_screen_close(void);

/* The next wish of the user, at most `milliseconds` later. `text` (capacity bytes) gets its text,
 * NUL-terminated and cut. */
lathe_screen_request lathe_screen_wait(int32_t milliseconds, char *text, size_t capacity);

/* Show. Text may hold line ends and the SGR escapes that lathe.style makes (ESC [ ... m); nothing else of the
 * terminal's. */
void lathe_screen_print(const char *text); /* lines in the console */
void lathe_screen_busy(const char *what);  /* the foreground work; "" when idle */
void lathe_screen_title(const char *title);
void lathe_screen_table(const char *name, lathe_table *table); /* the Data view; retains the table */
/* The same with a text table that is not read: its rows are found while they are looked at (format/csv_preview.h). Only in the
 * shape that `options` and the first lines give it. */
bool lathe_screen_file(const char *name, const char *path, const lathe_csv_options *options,
                       lathe_error *error);
void lathe_screen_report(const char *view, const char *title,
                         const char *text); /* "report", "models" or "monitor" */
void lathe_screen_front(const char *view);  /* "flow", "data", "report", "models", "monitor" */
void lathe_screen_text(const char *title, const char *text); /* over the view, until a key */
void lathe_screen_complete(const char *line,
                           const char *words); /* the line made longer, and the choices, a line each */
void lathe_screen_remember(const char *line);  /* a line of the history, oldest first */
void lathe_screen_trust(const char *question); /* ask yes or no */

/* The columns a report can use, and whether colours are wanted. */
int32_t lathe_screen_width(void);
bool lathe_screen_coloured(void);

/* The Flow view: begin a flow of `count` nodes, then set each as often as it changes. `note` is a few words
 * ("20,640 rows"), `detail` the lines on the right, `seconds` what it took (negative: not known, or not yet).
 * With no flow (count 0) the welcome is there instead. */
void lathe_screen_flow(const char *name, int32_t count);
void lathe_screen_welcome(const char *text);
void lathe_screen_node(int32_t index, const char *name, const char *step, lathe_node_state state,
                       const char *note, double seconds, const char *detail);

/* The palette: a line each, "name<TAB>what it does<TAB>console line"; without the third part, choosing it
 * asks for the FORM of the step of that name. */
void lathe_screen_palette(const char *lines);

/* A form for a step: begin, its fields in order, show. It stays until the script ends it or the user leaves
 * it. `choices`: a line each. */
void lathe_screen_form_begin(const char *title, const char *doc);
void lathe_screen_form_field(const char *name, const char *type, const char *value, const char *choices,
                             const char *doc, bool required);
void lathe_screen_form_show(void);
void lathe_screen_form_problem(const char *sentence);
void lathe_screen_form_end(void);

#endif
