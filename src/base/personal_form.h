/* personal_form.h - values that look as if they belonged to a person: told by their form alone, with check digits and calendars where there
 * are some, or by the name of their column. What is found is a suspicion, and what is not found is no promise. */
#ifndef LATHE_BASE_PERSONAL_FORM_H
#define LATHE_BASE_PERSONAL_FORM_H

#include "text.h"

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

/* Whether a value does not contradict what the name of its column says. */
bool lathe_personal_fits(lathe_personal kind, lathe_text value);

/* The form of a text and nothing else: letters become x, digits 9; the rest stays. "Ann Lee, 42" is "xxx xxx, 99". `out` holds `size` bytes; what
 * is written there is the result. */
size_t lathe_text_form(const char *text, size_t size, char *out);

/* A longer text in which each word that looks personal is given by its form: "mail xxx@xxxxxxx.xxx today". `out` holds `size` bytes. */
size_t lathe_text_discreet(const char *text, size_t size, char *out);

/* The beginning of a value as a message or a log may show it: what looks personal by its form. `name` is that of its column (size 0: not
 * known). `out` is written when it is needed. */
enum { LATHE_SHOWN = 160 };
lathe_text lathe_value_shown(lathe_text value, lathe_text name, char *out);

#endif
