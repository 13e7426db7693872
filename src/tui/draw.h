/* draw.h - marks on the frame: text in display columns, clipped to its area, wide characters whole or not at
 * all.
 *
 * Text is UTF-8 from anywhere: control characters are shown as marks, bad bytes as U+FFFD, so data cannot
 * speak to the terminal. Functions with `sgr` in their name understand the colour escapes (ESC [ ... m) of
 * lathe.style and drop every other escape. */
#ifndef LATHE_TUI_DRAW_H
#define LATHE_TUI_DRAW_H

#include "terminal.h"

typedef struct area {
  int y, x, height, width;
} area;

/* Text in at most `width` columns; what does not fit ends in an ellipsis. The columns used. */
int draw_text(int y, int x, int width, style name, const char *text, size_t size);
int draw(int y, int x, int width, style name, const char *text);
int draw_format(int y, int x, int width, style name, const char *format, ...) LATHE_PRINTF(5, 6);
int draw_right(int y, int right, int width, style name, const char *text); /* ends before column `right` */

/* The columns of a text as these functions draw it, and the bytes of it that fit. */
int draw_width(const char *text, size_t size);
size_t draw_fit(const char *text, size_t size, int width);

/* A line with colour escapes, from `ink` on; `ink` is left as the line leaves it. With y < 0 nothing is
 * drawn. */
int draw_sgr(int y, int x, int width, pen *ink, const char *text, size_t size);

/* The bytes of the first piece when `text` is broken at words into lines of `width` columns. */
size_t draw_wrap(const char *text, size_t size, int width);

/* Text broken at words in `height` lines at most; the lines used. */
int draw_lines(area place, style name, const char *text);

void draw_rule(int y, int x, int width);
void draw_upright(int y, int x, int height);
void draw_fill(int y, int x, int width, style name);
void draw_clear(area place);

/* A bar of `width` columns in eighths, filled to `part` (0..1), its rest a thin line. */
void draw_bar(int y, int x, int width, double part);

/* A framed box in the middle of `place` for an overlay: cleared, with a title; gives its inside. */
area draw_box(area place, int height, int width, const char *title);

/* "20,640", "84 MB", "1.2 s". `out` holds 32. */
const char *words_count(int64_t count, char *out);
const char *words_bytes(double bytes, char *out);
const char *words_seconds(double seconds, char *out);

/* The spinner of this moment (each call within 100 ms gives the same). */
const char *words_spinner(void);

#endif
