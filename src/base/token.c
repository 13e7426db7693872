/* token.c - see token.h. */
#include "token.h"

#include "letter.h"

static bool is_mark(uint32_t c) {
  return (c >= 0x300 && c < 0x370) || c == 0x200C || c == 0x200D || (c >= 0x900 && c < 0xE80) ||
         (c >= 0xFE00 && c <= 0xFE0F);
}

bool lathe_token_next(lathe_text text, size_t *at, lathe_text *word) {
  size_t begin = *at, end = *at;
  bool inside = false;
  while (end < text.size) {
    uint32_t c;
    size_t size = lathe_text_decode(text.data + end, text.size - end, &c);
    bool ideograph = lathe_letter_is_ideograph(c);
    bool part = !ideograph && (c == '_' || lathe_letter_is_alphanumeric(c) || (inside && is_mark(c)));
    if (inside && !part) break;
    if (!inside) begin = end;
    end += size;
    inside = part;
    if (ideograph) {
      *word = (lathe_text){text.data + begin, size};
      *at = end;
      return true;
    }
  }
  *word = (lathe_text){text.data + begin, end - begin};
  *at = end;
  return inside;
}
