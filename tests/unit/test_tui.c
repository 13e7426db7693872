/* test_tui.c - what the screen is made of, without a terminal: a line being typed, text in display columns, broken lines. */
#include "tui/draw.c"
#include "tui/edit.c"

#include <locale.h>
#include "tap.h"

/* No terminal here: every style looks the same. */
pen terminal_pen(style name) {
  return (pen){.attributes = 0, .pair = (short)(name * 0)};
}
pen terminal_colour(pen from, int colour) {
  (void)colour;
  return from;
}

static void type(edit *line, const char *keys) {
  for (; *keys; keys++) edit_key(line, *keys);
}

static bool is(const edit *line, const char *text) {
  return strcmp(edit_text(line), text) == 0;
}

static void typing(void) {
  edit line = {0};
  ok(is(&line, ""), "a line that was never typed is empty text");
  type(&line, "flow:run()");
  ok(is(&line, "flow:run()"), "keys are put in");
  edit_key(&line, SPECIAL(KEY_LEFT));
  edit_key(&line, SPECIAL(KEY_LEFT));
  type(&line, "x");
  ok(is(&line, "flow:runx()"), "where the cursor stands");
  edit_key(&line, CONTROL('K'));
  ok(is(&line, "flow:runx"), "Ctrl-K deletes to the end");
  edit_key(&line, CONTROL('W'));
  ok(is(&line, "flow:"), "Ctrl-W deletes a word");
  edit_key(&line, CONTROL('A'));
  edit_key(&line, SPECIAL(KEY_DC));
  ok(is(&line, "low:") && line.cursor == 0, "Ctrl-A goes to the begin, Delete takes what follows");
  edit_key(&line, CONTROL('E'));
  edit_key(&line, CONTROL('U'));
  ok(is(&line, ""), "Ctrl-U deletes to the begin");
  edit_key(&line, SPECIAL(KEY_BACKSPACE));
  edit_key(&line, SPECIAL(KEY_LEFT));
  ok(is(&line, "") && line.cursor == 0, "an empty line stays one");
  ok(!edit_key(&line, SPECIAL(KEY_F(7))), "a key that is none for editing is left alone");
  edit_free(&line);
}

static void characters(void) {
  edit line = {0};
  edit_key(&line, 0x540d);  /* 名 */
  edit_key(&line, 'e');     /* e and */
  edit_key(&line, 0x301);   /* its accent: one character to the eye */
  edit_key(&line, 0x1f600); /* beyond the first plane */
  ok(is(&line, "名e\xcc\x81\xf0\x9f\x98\x80"), "characters of two, three and four bytes go in whole");
  edit_key(&line, SPECIAL(KEY_BACKSPACE));
  ok(is(&line, "名e\xcc\x81"), "and out whole");
  edit_key(&line, SPECIAL(KEY_BACKSPACE));
  ok(is(&line, "名"), "a letter goes with its accent");
  edit_free(&line);
}

static void columns(void) {
  ok(draw_width("価格", 6) == 4, "wide characters count two");
  ok(draw_width("e\xcc\x81", 3) == 1, "combining ones none");
  ok(draw_width("\033[2J\n\xff", 6) == 6,
     "control characters and bad bytes one: data cannot speak to the terminal");
  ok(draw_fit("価格", 6, 3) == 3, "half a wide character is left out");
  ok(draw_wrap("one two three", 13, 8) == 8, "a line breaks behind a word");
  ok(draw_wrap("onetwothree", 11, 4) == 4, "a word that is too long breaks where it must");
  ok(draw_wrap("\033[31mred\033[0m word", 17, 8) == 17, "colours take no room");
  ok(draw_wrap("", 0, 5) == 0 && draw_wrap("x", 1, 0) == 1, "no text and no room are no trouble");
}

static void words(void) {
  char out[32];
  ok(strcmp(words_count(20640, out), "20,640") == 0, "thousands are grouped");
  ok(strcmp(words_count(-1234567, out), "-1,234,567") == 0, "those of negative numbers, too");
  ok(strcmp(words_count(INT64_MIN, out), "-9,223,372,036,854,775,808") == 0, "up to the smallest there is");
  ok(strcmp(words_bytes(84e6, out), "84 MB") == 0 && strcmp(words_bytes(1.25e9, out), "1.2 GB") == 0,
     "bytes have units");
  ok(strcmp(words_seconds(0.0123, out), "12 ms") == 0 && strcmp(words_seconds(75, out), "1 m 15 s") == 0,
     "times have, too");
}

int main(void) {
  setlocale(LC_CTYPE, "C.UTF-8");
  typing();
  characters();
  columns();
  words();
  return done_testing();
}
