/* personal.c - what a column is: by most of its values, or by its name. */
#include "personal.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/pool.h"
#include "personal_own.h"

enum { CHUNK = 16384 };

const char *lathe_personal_words(lathe_personal kind) {
  static const char *const words[] = {"nothing personal", "e-mail addresses", "phone numbers",
                                      "identity numbers", "card numbers",     "bank accounts",
                                      "addresses",        "names of people"};
  return words[kind];
}

/* Names of columns, in small letters without what is between words, each between bars. */
static const char *const hints[LATHE_PERSONAL_KINDS] = {
    [LATHE_PERSONAL_EMAIL] = "|email|emailaddress|mail|邮箱|",
    [LATHE_PERSONAL_PHONE] = "|phone|phonenumber|phoneno|telephone|telephonenumber|tel|mobile|mobilenumber|"
                             "cellphone|fax|telefon|电话|"
                             "手机|手机号|",
    [LATHE_PERSONAL_IDENTITY] =
        "|ssn|socialsecuritynumber|passport|passportnumber|nationalid|idcard|identitynumber|身份证|身份证号|"
        "身份证号码|",
    [LATHE_PERSONAL_CARD] = "|cardnumber|creditcard|creditcardnumber|银行卡号|",
    [LATHE_PERSONAL_ACCOUNT] = "|iban|bankaccount|accountnumber|kontonummer|",
    [LATHE_PERSONAL_ADDRESS] = "|address|streetaddress|homeaddress|street|strasse|地址|",
    [LATHE_PERSONAL_NAME] =
        "|name|firstname|lastname|surname|forename|givenname|familyname|middlename|fullname|maidenname|"
        "customername|patientname|employeename|contactname|username|person|vorname|nachname|姓名|名字|",
};

lathe_personal lathe_name_personal(const char *name) {
  char plain[64] = "|";
  size_t size = 1;
  for (const char *c = name; *c; c++) {
    bool upper = *c >= 'A' && *c <= 'Z';
    if (!upper && !(*c >= 'a' && *c <= 'z') && !((uint8_t)*c & 0x80)) continue;
    if (size + 2 == sizeof plain) return LATHE_PERSONAL_NONE;
    plain[size++] = upper ? (char)(*c + 32) : *c;
  }
  if (size == 1) return LATHE_PERSONAL_NONE;
  memcpy(plain + size, "|", 2);
  for (int kind = 1; kind < LATHE_PERSONAL_KINDS; kind++)
    if (strstr(hints[kind], plain)) return (lathe_personal)kind;
  return LATHE_PERSONAL_NONE;
}

lathe_personal lathe_value_personal(const char *text, size_t size, const char *name) {
  lathe_personal kind = lathe_text_personal(text, size), hint = kind ? kind : lathe_name_personal(name);
  return kind                                                         ? kind
         : hint && personal_fits_name(hint, (lathe_text){text, size}) ? hint
                                                                      : LATHE_PERSONAL_NONE;
}

typedef struct counts {
  int64_t values, kinds[LATHE_PERSONAL_KINDS], fitting, inside;
} counts;

typedef struct job {
  const lathe_column *column;
  int64_t rows, step; /* rows looked at, and how far they are apart */
  lathe_personal hint;
  counts *chunks;
  lathe_progress *progress;
} job;

static bool is_between(char c) {
  return c == ' ' || c == ',' || c == ';' || c == '<' || c == '>' || c == '(' || c == ')' || c == '"' ||
         c == ':' || c == '\n';
}

/* Whether one word of a longer text is an e-mail address or a card number. */
static bool has_inside(lathe_text text) {
  for (size_t at = 0; at < text.size;) {
    while (at < text.size && is_between(text.data[at])) at++;
    size_t end = at;
    while (end < text.size && !is_between(text.data[end])) end++;
    size_t size = end - at;
    while (size > 0 && text.data[at + size - 1] == '.') size--;
    lathe_personal kind = lathe_text_personal(text.data + at, size);
    if (kind == LATHE_PERSONAL_EMAIL || kind == LATHE_PERSONAL_CARD) return true;
    at = end;
  }
  return false;
}

static bool count_chunk(void *context, int64_t chunk, lathe_error *error) {
  job *work = context;
  counts *count = &work->chunks[chunk];
  int64_t begin = chunk * CHUNK, end = begin + CHUNK < work->rows ? begin + CHUNK : work->rows;
  char scratch[32];
  (void)error;
  for (int64_t i = begin; i < end; i++) {
    if (!lathe_column_present(work->column, i * work->step)) continue;
    lathe_text text = lathe_column_format(work->column, i * work->step, scratch);
    lathe_personal kind = lathe_text_personal(text.data, text.size);
    count->values++;
    count->kinds[kind]++;
    count->fitting += work->hint && personal_fits_name(work->hint, text);
    count->inside += kind == LATHE_PERSONAL_NONE && text.size > 8 && has_inside(text);
  }
  lathe_progress_add(work->progress, end - begin);
  return true;
}

static bool count_all(job *work, counts *all, lathe_error *error) {
  int64_t chunks = (work->rows + CHUNK - 1) / CHUNK;
  work->chunks = lathe_memory_new((size_t)chunks, sizeof *work->chunks, error);
  bool fine = work->chunks && lathe_pool_run(chunks, count_chunk, work, work->progress, error);
  for (int64_t c = 0; c < chunks && fine; c++) {
    all->values += work->chunks[c].values;
    all->fitting += work->chunks[c].fitting;
    all->inside += work->chunks[c].inside;
    for (int k = 0; k < LATHE_PERSONAL_KINDS; k++) all->kinds[k] += work->chunks[c].kinds[k];
  }
  free(work->chunks);
  return fine;
}

static void conclude(const counts *all, lathe_personal hint, lathe_personal_finding *finding) {
  *finding = (lathe_personal_finding){.values = all->values, .inside = all->inside};
  for (int k = 1; k < LATHE_PERSONAL_KINDS; k++)
    if (all->kinds[k] > finding->found) finding->found = all->kinds[k], finding->kind = (lathe_personal)k;
  if (finding->found * 2 < all->values) finding->kind = LATHE_PERSONAL_NONE;
  if (!finding->kind && hint && all->values > 0 && all->fitting * 2 >= all->values)
    finding->kind = hint, finding->by_name = true, finding->found = all->fitting;
  if (!finding->kind) finding->found = 0;
}

bool lathe_column_personal(const lathe_column *column, const char *name, int64_t rows,
                           lathe_personal_finding *finding, lathe_progress *progress, lathe_error *error) {
  *finding = (lathe_personal_finding){0};
  lathe_type type = lathe_column_type(column);
  if (!lathe_type_is_text(type) && type != LATHE_TYPE_INT64) return true;
  job work = {.column = column, .rows = lathe_column_rows(column), .step = 1, .progress = progress};
  if (rows > 0 && rows < work.rows) {
    work.step = work.rows / rows;
    work.rows = rows;
  }
  work.hint = lathe_name_personal(name);
  counts all = {0};
  lathe_progress_begin(progress, "look for personal data", work.rows);
  bool fine = count_all(&work, &all, error);
  lathe_progress_end(progress);
  if (fine) conclude(&all, work.hint, finding);
  return fine;
}

bool lathe_column_impersonal(const lathe_column *column, const char *name, lathe_error *error) {
  lathe_personal_finding finding;
  if (!lathe_column_personal(column, name, LATHE_PERSONAL_ROWS, &finding, NULL, error)) return false;
  if (finding.kind == LATHE_PERSONAL_NONE) return true;
  return lathe_error_set(error, LATHE_ERROR_DATA,
                         "\"%s\" looks like %s, which would stand in the model; leave it out (drop = { "
                         "\"%s\" }), make it coarser "
                         "(t:generalise), or say that it is nobody's (impersonal = { \"%s\" })",
                         name, lathe_personal_words(finding.kind), name, name);
}
