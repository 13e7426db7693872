/* edit.h - one line of UTF-8 that is being typed: the console's, the palette's, a form field's. */
#ifndef LATHE_TUI_EDIT_H
#define LATHE_TUI_EDIT_H

#include "draw.h"

typedef struct edit {
  char *text; /* NUL-terminated; NULL while nothing was ever typed */
  size_t size;
  size_t capacity;
  size_t cursor; /* a byte offset at a character */
  size_t left;   /* the first byte that is shown */
} edit;

/* The text, never NULL. */
const char *edit_text(const edit *line);
void edit_set(edit *line, const char *text);
void edit_free(edit *line);

/* True when the key was one for editing. */
bool edit_key(edit *line, int key);

/* Draw it in one row, scrolled so that the cursor shows; gives the cursor's column. */
int edit_draw(edit *line, int y, int x, int width, style name);

#endif
