/* expression_token.h - the words and signs of an expression. */
#ifndef LATHE_SHAPE_EXPRESSION_TOKEN_H
#define LATHE_SHAPE_EXPRESSION_TOKEN_H

#include "expression_own.h"

typedef enum token_kind {
  TOKEN_END,
  TOKEN_INTEGER,
  TOKEN_NUMBER,
  TOKEN_TEXT,
  TOKEN_NAME,
  TOKEN_COLUMN,    /* a name in backticks */
  TOKEN_PARAMETER, /* $name */
  TOKEN_SIGN,
} token_kind;

typedef struct token {
  token_kind kind;
  int32_t at, size;
  lathe_text text; /* of a text, column, name or parameter */
} token;

typedef struct parser {
  lathe_expression *e;
  const char *text;
  int32_t size, at;
  token now;
  int32_t nesting;
  int32_t parameters;
  const char *const *names;
  lathe_column *const *values;
  lathe_error *error;
} parser;

/* The token behind `now` becomes it; false with an error. */
bool token_next(parser *p);

bool token_is_sign(const parser *p, const char *sign);

/* A word in small letters or in capitals. */
bool token_is_word(const parser *p, const char *word);

#endif
