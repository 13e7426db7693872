/* personal.h - values and columns that look as if they belonged to a person.
 *
 * A value's kind is told by its form alone: check digits and calendars where there are some. A column is personal when at least half of
 * its values (texts, or whole numbers) are of one kind, or when its name says so and its values do not contradict. What is found is a
 * suspicion for a person to decide, and what is not found is no promise. */
#ifndef LATHE_PREPARE_PERSONAL_H
#define LATHE_PREPARE_PERSONAL_H

#include "../base/progress.h"
#include "../table/column.h"

typedef enum lathe_personal {
  LATHE_PERSONAL_NONE,
  LATHE_PERSONAL_EMAIL, /* local@domain.tld */
  LATHE_PERSONAL_PHONE, /* +49 30 123456, (202) 555-0143, 13812345678 (a Chinese mobile number) */
  LATHE_PERSONAL_IDENTITY, /* a Chinese resident's number (GB 11643-1999, with its check digit), a US social security number */
  LATHE_PERSONAL_CARD,    /* 13 to 19 digits of a payment card with their check digit (ISO/IEC 7812, Luhn) */
  LATHE_PERSONAL_ACCOUNT, /* an IBAN with its check digits (ISO 13616) */
  LATHE_PERSONAL_ADDRESS, /* by the column's name: street, address */
  LATHE_PERSONAL_NAME,    /* by the column's name: surname, 姓名 */
  LATHE_PERSONAL_KINDS,
} lathe_personal;

/* "e-mail addresses", "phone numbers", ... as a sentence has them. */
const char *lathe_personal_words(lathe_personal kind);

/* The kind of one value, blanks around it aside; NONE, or one of the first five, which have a form. */
lathe_personal lathe_text_personal(const char *text, size_t size);

/* The same for a value of a column whose name may tell more. */
lathe_personal lathe_value_personal(const char *text, size_t size, const char *name);

/* What the name of a column says its values are: "e_mail", "Phone number", "last name", "身份证号". */
lathe_personal lathe_name_personal(const char *name);

typedef struct lathe_personal_finding {
  lathe_personal kind;
  bool by_name;   /* the column's name tells it, not the values' form */
  int64_t values; /* that are there */
  int64_t found;  /* of that kind */
  int64_t inside; /* longer texts that have an e-mail address or a card number somewhere in them */
} lathe_personal_finding;

/* The most rows that are looked at where a few tell enough. */
enum { LATHE_PERSONAL_ROWS = 10000 };

/* Look at the values of a column: at all of them, or (`rows` above 0) at so many, spread over it. */
bool lathe_column_personal(const lathe_column *column, const char *name, int64_t rows,
                           lathe_personal_finding *finding, lathe_progress *progress, lathe_error *error);

/* Whether a feature may be learned from; false with an error for one that is personal. */
bool lathe_column_impersonal(const lathe_column *column, const char *name, lathe_error *error);

/* The form of a text and nothing else: letters become x, digits 9; the rest stays. "Ann Lee, 42" is "xxx xxx, 99". `out` holds `size` bytes; what
 * is written there is the result. */
size_t lathe_text_form(const char *text, size_t size, char *out);

/* Each text exchanged for a name that tells nothing of it: 32 hexadecimal digits of BLAKE2b (RFC 7693) under a key, by libsodium. One key
 * gives one text one name, in every table. The key is the first line of a file that is closed to all others (mode 0600), of at least 16
 * bytes. Numbers and dates go as they are written. STRING, or CATEGORY for a category. */
lathe_column *lathe_column_pseudonymise(const lathe_column *column, const char *key_path,
                                        lathe_progress *progress, lathe_error *error);

#endif
