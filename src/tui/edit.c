#include "edit.h"

#include <ncurses.h>
#include <stdlib.h>
#include <string.h>
#include "../base/memory.h"
#include "../base/text.h"

enum { LONGEST = 60000 };

const char *edit_text(const edit *line) {
  return line->text ? line->text : "";
}

static bool make_room(edit *line, size_t size) {
  if (size + 1 <= line->capacity) return true;
  void *memory = line->text;
  size_t capacity = (size + 1) * 2 + 64;
  if (size > LONGEST || !lathe_memory_resize(&memory, capacity, 1, NULL)) return false;
  line->text = memory;
  line->capacity = capacity;
  return true;
}

void edit_set(edit *line, const char *text) {
  size_t size = strlen(text);
  if (!make_room(line, size)) return;
  memcpy(line->text, text, size + 1);
  line->size = line->cursor = size;
  line->left = 0;
}

void edit_free(edit *line) {
  free(line->text);
  *line = (edit){0};
}

static void insert(edit *line, int character) {
  char bytes[4];
  size_t count;
  uint32_t code = (uint32_t)character;
  if (code < 0x80) {
    bytes[0] = (char)code;
    count = 1;
  } else if (code < 0x800) {
    bytes[0] = (char)(0xc0 | code >> 6);
    bytes[1] = (char)(0x80 | (code & 63));
    count = 2;
  } else if (code < 0x10000) {
    bytes[0] = (char)(0xe0 | code >> 12);
    bytes[1] = (char)(0x80 | (code >> 6 & 63));
    bytes[2] = (char)(0x80 | (code & 63));
    count = 3;
  } else {
    bytes[0] = (char)(0xf0 | code >> 18);
    bytes[1] = (char)(0x80 | (code >> 12 & 63));
    bytes[2] = (char)(0x80 | (code >> 6 & 63));
    bytes[3] = (char)(0x80 | (code & 63));
    count = 4;
  }
  if (!make_room(line, line->size + count)) return;
  memmove(line->text + line->cursor + count, line->text + line->cursor, line->size - line->cursor + 1);
  memcpy(line->text + line->cursor, bytes, count);
  line->size += count;
  line->cursor += count;
}

static void erase_range(edit *line, size_t from, size_t to) {
  if (line->text == NULL || from >= to) return;
  memmove(line->text + from, line->text + to, line->size - to + 1);
  line->size -= to - from;
  line->cursor = from;
}

/* One character back or on, with the combining marks that belong to it. */
static size_t before(const edit *line, size_t at) {
  while (at > 0) {
    do at--;
    while (at > 0 && ((unsigned char)line->text[at] & 0xc0) == 0x80);
    if (draw_width(line->text + at, line->size - at) > 0) {
      uint32_t character;
      size_t taken = lathe_text_decode(line->text + at, line->size - at, &character);
      if (draw_width(line->text + at, taken) > 0) break;
    }
  }
  return at;
}

static size_t after(const edit *line, size_t at) {
  uint32_t character;
  if (at < line->size) at += lathe_text_decode(line->text + at, line->size - at, &character);
  while (at < line->size) {
    size_t taken = lathe_text_decode(line->text + at, line->size - at, &character);
    if (draw_width(line->text + at, taken) > 0) break;
    at += taken;
  }
  return at;
}

static bool in_word(char byte) {
  return (unsigned char)byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
         (byte >= 'A' && byte <= 'Z') || byte == '_';
}

static size_t word_before(const edit *line, size_t at) {
  while (at > 0 && !in_word(line->text[at - 1])) at--;
  while (at > 0 && in_word(line->text[at - 1])) at--;
  return at;
}

static size_t word_after(const edit *line, size_t at) {
  while (at < line->size && !in_word(line->text[at])) at++;
  while (at < line->size && in_word(line->text[at])) at++;
  return at;
}

bool edit_key(edit *line, int key) {
  if (line->text == NULL) edit_set(line, "");
  if (line->text == NULL) return false;
  switch (key) {
  case SPECIAL(KEY_LEFT):
  case CONTROL('B'):
    line->cursor = before(line, line->cursor);
    return true;
  case SPECIAL(KEY_RIGHT):
  case CONTROL('F'):
    line->cursor = after(line, line->cursor);
    return true;
  case SPECIAL(KEY_HOME):
  case CONTROL('A'):
    line->cursor = 0;
    return true;
  case SPECIAL(KEY_END):
  case CONTROL('E'):
    line->cursor = line->size;
    return true;
  case SPECIAL(KEY_BACKSPACE):
  case 127:
  case CONTROL('H'):
    erase_range(line, before(line, line->cursor), line->cursor);
    return true;
  case SPECIAL(KEY_DC):
  case CONTROL('D'):
    erase_range(line, line->cursor, after(line, line->cursor));
    return true;
  case CONTROL('K'):
    erase_range(line, line->cursor, line->size);
    return true;
  case CONTROL('U'):
    erase_range(line, 0, line->cursor);
    return true;
  case CONTROL('W'):
    erase_range(line, word_before(line, line->cursor), line->cursor);
    return true;
  case KEY_ALT + 'b':
    line->cursor = word_before(line, line->cursor);
    return true;
  case KEY_ALT + 'f':
    line->cursor = word_after(line, line->cursor);
    return true;
  default:
    break;
  }
  if (key < ' ' || key >= KEY_SPECIAL) return false;
  insert(line, key);
  return true;
}

int edit_draw(edit *line, int y, int x, int width, style name) {
  const char *text = edit_text(line);
  if (width < 2) return x;
  if (line->cursor < line->left) line->left = line->cursor;
  while (line->left < line->cursor && draw_width(text + line->left, line->cursor - line->left) > width - 1)
    line->left = after(line, line->left);
  while (line->left > 0) { /* show as much as fits when text was removed */
    size_t more = before(line, line->left);
    if (draw_width(text + more, line->size - more) > width - 1) break;
    line->left = more;
  }
  size_t shown = draw_fit(text + line->left, line->size - line->left, width - 1);
  draw_text(y, x, width, name, text + line->left, shown);
  return x + draw_width(text + line->left, line->cursor - line->left);
}
