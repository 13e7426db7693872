/* expression_token.c - text to tokens.
 *
 * Words are in small letters or in capitals (and, AND). A column is a bare name (letters, digits, _, inner points, everything beyond
 * ASCII) or any text between backticks; a text stands in ' or ", and the quote is doubled inside. */
#include <string.h>

#include "expression_token.h"

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool within_name(char c) {
  return begins_name(c) || is_digit(c);
}

static int32_t name_end(const parser *p, int32_t at) {
  while (at < p->size && (within_name(p->text[at]) ||
                          (p->text[at] == '.' && at + 1 < p->size && begins_name(p->text[at + 1]))))
    at++;
  return at;
}

static bool next_number(parser *p) {
  int32_t at = p->at;
  p->now.kind = TOKEN_INTEGER;
  while (at < p->size && is_digit(p->text[at])) at++;
  if (at + 1 < p->size && p->text[at] == '.' && is_digit(p->text[at + 1])) {
    p->now.kind = TOKEN_NUMBER;
    for (at++; at < p->size && is_digit(p->text[at]);) at++;
  }
  if (at < p->size && (p->text[at] | 0x20) == 'e') {
    int32_t power = at + 1;
    if (power < p->size && (p->text[power] == '-' || p->text[power] == '+')) power++;
    if (power < p->size && is_digit(p->text[power])) {
      p->now.kind = TOKEN_NUMBER;
      for (at = power; at < p->size && is_digit(p->text[at]);) at++;
    }
  }
  if (at < p->size && within_name(p->text[at]))
    return expression_fail(
        p->e, p->at, p->error,
        "a number ends in letters; put an operator between them, or a name that begins with a "
        "digit in backticks");
  p->now.size = at - p->at;
  return true;
}

/* What stands between quotes, a doubled quote being one. */
static bool next_quoted(parser *p, char quote) {
  lathe_buffer bytes = {0};
  int32_t at = p->at + 1;
  bool fine = lathe_buffer_reserve(&bytes, 0, p->error);
  for (;; at++) {
    if (at == p->size) {
      lathe_buffer_free(&bytes);
      return fine && expression_fail(p->e, p->at, p->error, "the %c that opens here is never closed", quote);
    }
    if (p->text[at] == quote) {
      if (at + 1 == p->size || p->text[at + 1] != quote) break;
      at++;
    }
    fine = fine && lathe_buffer_append(&bytes, p->text + at, 1, p->error);
  }
  p->now.size = at + 1 - p->at;
  p->now.kind = quote == '`' ? TOKEN_COLUMN : TOKEN_TEXT;
  fine = fine && expression_keep(p->e, bytes.data ? bytes.data : "", bytes.size, &p->now.text, p->error);
  lathe_buffer_free(&bytes);
  return fine;
}

static bool next_sign(parser *p) {
  static const char *const signs[] = {"==", "!=", "<=", ">=", "//", "..", "(", ")", ",",
                                      "+",  "-",  "*",  "/",  "%",  "^",  "<", ">", "="};
  static const char *const others[][2] = {{"**", "^"},   {"<>", "!="}, {"~=", "!="},
                                          {"&&", "and"}, {"||", "or"}, {"&", "and"},
                                          {"|", "or"},   {"!", "not"}, {"~", "not"}};
  p->now.kind = TOKEN_SIGN;
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    size_t size = strlen(others[i][0]);
    bool unequal = p->text[p->at] == '!' && p->at + 1 < p->size && p->text[p->at + 1] == '=';
    if (!unequal && strncmp(p->text + p->at, others[i][0], size) == 0)
      return expression_fail(p->e, p->at, p->error, "there is no %s here; write %s", others[i][0],
                             others[i][1]);
  }
  for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
    size_t size = strlen(signs[i]);
    if (strncmp(p->text + p->at, signs[i], size) != 0) continue;
    p->now.size = (int32_t)size;
    return true;
  }
  return expression_fail(p->e, p->at, p->error,
                         "this character means nothing here; a column with an odd name "
                         "stands in backticks");
}

bool token_next(parser *p) {
  while (p->at < p->size && strchr(" \t\r\n", p->text[p->at])) p->at++;
  p->now = (token){.kind = TOKEN_END, .at = p->at};
  if (p->at == p->size) return true;
  char c = p->text[p->at];
  bool fine;
  if (is_digit(c) || (c == '.' && p->at + 1 < p->size && is_digit(p->text[p->at + 1]))) {
    fine = next_number(p);
  } else if (c == '\'' || c == '"' || c == '`') {
    fine = next_quoted(p, c);
  } else if (c == '$' && p->at + 1 < p->size && begins_name(p->text[p->at + 1])) {
    p->now.kind = TOKEN_PARAMETER;
    p->now.size = name_end(p, p->at + 1) - p->at;
    fine = expression_keep(p->e, p->text + p->at + 1, (size_t)p->now.size - 1, &p->now.text, p->error);
  } else if (begins_name(c)) {
    p->now.kind = TOKEN_NAME;
    p->now.size = name_end(p, p->at) - p->at;
    fine = expression_keep(p->e, p->text + p->at, (size_t)p->now.size, &p->now.text, p->error);
  } else {
    fine = next_sign(p);
  }
  p->at += p->now.size;
  return fine;
}

bool token_is_sign(const parser *p, const char *sign) {
  return p->now.kind == TOKEN_SIGN && strlen(sign) == (size_t)p->now.size &&
         memcmp(p->text + p->now.at, sign, (size_t)p->now.size) == 0;
}

bool token_is_word(const parser *p, const char *word) {
  if (p->now.kind != TOKEN_NAME || strlen(word) != p->now.text.size) return false;
  bool small = true, capital = true;
  for (size_t i = 0; i < p->now.text.size; i++) {
    small = small && p->now.text.data[i] == word[i];
    capital = capital && p->now.text.data[i] == word[i] - 'a' + 'A';
  }
  return small || capital;
}
