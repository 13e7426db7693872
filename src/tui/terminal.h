/* terminal.h - the one owner of the terminal.
 *
 * It is taken by terminal_start and given back on every way out: terminal_stop, a fatal signal, exit(). While
 * it is held, what the process writes to its standard output and error goes to files in memory, for it would
 * tear the screen; standard error is printed when the terminal is given back. All but the signal handlers
 * runs on the screen's thread. */
#ifndef LATHE_TUI_TERMINAL_H
#define LATHE_TUI_TERMINAL_H

#include <wchar.h>
#include "../base/error.h"

/* What a piece of text means; the palette decides how that looks with 256 colours, with 8, and with none. */
typedef enum style {
  STYLE_PLAIN,
  STYLE_BRIGHT, /* values that matter */
  STYLE_DIM,    /* names, hints, borders, what is missing */
  STYLE_ACCENT, /* where one is */
  STYLE_WARN,
  STYLE_ERROR,
  STYLE_GOOD,
  STYLE_CHOSEN, /* the cell or line under the cursor */
  STYLE_RULE,
  STYLE_COUNT,
} style;

/* A style with its colours, as ncurses wants it. */
typedef struct pen {
  unsigned int attributes;
  short pair;
} pen;

/* What signals asked for since the last look. */
enum {
  TERMINAL_RESIZED = 1,
  TERMINAL_QUIT = 2,      /* SIGTERM, SIGHUP */
  TERMINAL_INTERRUPT = 4, /* SIGINT */
  TERMINAL_STOP = 8,      /* SIGTSTP */
  TERMINAL_GONE = 16,     /* nobody is at the other end */
};

/* A key: a character, or one of ncurses' KEY_ codes behind KEY_SPECIAL, or a character that came with Alt
 * behind KEY_ALT. */
enum { KEY_SPECIAL = 0x200000, KEY_ALT = 0x400000, KEY_NOTHING = -1 };
#define CONTROL(letter) ((letter)&31)
#define SPECIAL(code) (KEY_SPECIAL + (code))

/* False, with a sentence, when standard input and output are not a terminal that can be drawn on. */
bool terminal_start(lathe_error *error);
void terminal_stop(void);

/* The signal that ended the work, or 0: whoever closes the screen passes it on when all is given back. */
int terminal_fatal(void);

/* Wait for a key, a signal or terminal_wake (any thread may call that), at most `milliseconds`. */
void terminal_wait(int milliseconds);
void terminal_wake(void);
unsigned terminal_signals(void);

/* The next key that is there, or KEY_NOTHING. */
int terminal_key(void);

/* Follow a new window size; stop the process as Ctrl-Z does, and take the terminal again when it goes on;
 * show the frame. */
void terminal_resize(void);
void terminal_suspend(void);
void terminal_flush(void);
void terminal_redraw(void);

/* New text on the parked standard output and error: bytes put into `out`; 0 when there is none. */
size_t terminal_parked(char *out, size_t capacity);

pen terminal_pen(style name);
pen terminal_colour(pen from, int colour); /* foreground 0..255, -1 for the terminal's own */
bool terminal_coloured(void);

#endif
