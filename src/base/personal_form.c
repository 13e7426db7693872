/* personal_form.c - what a value is by its form, or by the name of its column. */
#include "personal_form.h"

#include <string.h>

#include "letter.h"

enum { DIGITS = 20 };

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static lathe_text trimmed(const char *text, size_t size) {
  while (size > 0 && (text[0] == ' ' || text[0] == '\t')) text++, size--;
  while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '\t' || text[size - 1] == '\r')) size--;
  return (lathe_text){text, size};
}

/* The digits of a text in which only digits and `between` are; -1 when there is something else, or more than DIGITS of them. */
static int only_digits(lathe_text text, const char *between, char *digits) {
  int count = 0;
  for (size_t i = 0; i < text.size; i++) {
    if (is_digit(text.data[i])) {
      if (count == DIGITS) return -1;
      digits[count++] = text.data[i];
    } else if (!text.data[i] || !strchr(between, text.data[i])) {
      return -1;
    }
  }
  return count;
}

/* RFC 5322 allows more than this; what people have is local@domain.tld. */
static bool is_email(lathe_text text) {
  const char *at = memchr(text.data, '@', text.size);
  if (!at || at == text.data || text.size > 254) return false;
  size_t local = (size_t)(at - text.data), domain = text.size - local - 1, label = 0, dots = 0;
  for (size_t i = 0; i < local; i++) {
    char c = text.data[i];
    if (!is_letter(c) && !is_digit(c) && (!c || !strchr(".!#$%&'*+/=?^_`{|}~-", c)) && !((uint8_t)c & 0x80))
      return false;
  }
  for (size_t i = 0; i < domain; i++) {
    char c = at[1 + i];
    if (c == '.') {
      if (label == 0) return false;
      dots++, label = 0;
    } else if (is_letter(c) || is_digit(c) || c == '-' || ((uint8_t)c & 0x80)) {
      label++;
    } else {
      return false;
    }
  }
  return dots > 0 && label >= 2 && !is_digit(at[domain]);
}

/* The check digit of a payment card (ISO/IEC 7812-1, annex B). */
static bool passes_luhn(const char *digits, int count) {
  int sum = 0;
  for (int i = 0; i < count; i++) {
    int value = digits[count - 1 - i] - '0';
    if (i % 2 == 1) value = value * 2 > 9 ? value * 2 - 9 : value * 2;
    sum += value;
  }
  return sum % 10 == 0;
}

static bool is_card(lathe_text text) {
  char digits[DIGITS];
  int count = only_digits(text, " -", digits);
  if (count < 13 || count > 19 || !is_digit(text.data[0])) return false;
  int two = (digits[0] - '0') * 10 + digits[1] - '0';
  bool network = digits[0] == '4' || (two >= 51 && two <= 55) || (two >= 22 && two <= 27) || two == 34 ||
                 two == 37 || two == 35 || two == 30 || two == 36 || two == 38 || two == 60 || two == 62 ||
                 two == 64 || two == 65;
  return network && passes_luhn(digits, count);
}

static bool is_day(int year, int month, int day) {
  static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return year >= 1850 && year <= 2100 && month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1];
}

static int number(const char *digits, int count) {
  int value = 0;
  for (int i = 0; i < count; i++) value = value * 10 + digits[i] - '0';
  return value;
}

/* GB 11643-1999: six digits of a place, the day of birth, three of a sequence, and a check digit (ISO 7064, MOD 11-2). */
static bool is_chinese_identity(lathe_text text) {
  static const int weights[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
  if (text.size != 18) return false;
  int sum = 0;
  for (int i = 0; i < 17; i++) {
    if (!is_digit(text.data[i])) return false;
    sum += weights[i] * (text.data[i] - '0');
  }
  char check = "10X98765432"[sum % 11], last = text.data[17] == 'x' ? 'X' : text.data[17];
  return check == last &&
         is_day(number(text.data + 6, 4), number(text.data + 10, 2), number(text.data + 12, 2));
}

/* AAA-GG-SSSS; the areas 000, 666 and 900 on are not given, nor are groups and sequences of zeros. */
static bool is_social_security(lathe_text text) {
  if (text.size != 11 || text.data[3] != '-' || text.data[6] != '-') return false;
  char digits[DIGITS];
  if (only_digits(text, "-", digits) != 9) return false;
  int area = number(digits, 3);
  return area > 0 && area != 666 && area < 900 && number(digits + 3, 2) > 0 && number(digits + 5, 4) > 0;
}

/* ISO 13616: two letters, two check digits, up to 30 letters and digits; 97 divides it, rotated, by 1. */
static bool is_iban(lathe_text text) {
  char plain[40];
  int count = 0;
  for (size_t i = 0; i < text.size; i++) {
    char c = text.data[i];
    if (c == ' ') continue;
    if (count == 34 || (!is_letter(c) && !is_digit(c))) return false;
    plain[count++] = c;
  }
  if (count < 15 || !is_letter(plain[0]) || !is_letter(plain[1]) || !is_digit(plain[2]) ||
      !is_digit(plain[3]))
    return false;
  int rest = 0;
  for (int i = 0; i < count; i++) {
    char c = plain[(i + 4) % count];
    int value = is_digit(c) ? c - '0' : (c | 32) - 'a' + 10;
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest == 1;
}

/* With a country's code, or grouped as in North America, or a Chinese mobile number: digits alone are too many other things. */
static bool is_phone(lathe_text text) {
  char digits[DIGITS];
  bool country = text.size > 0 && text.data[0] == '+';
  lathe_text rest = country ? (lathe_text){text.data + 1, text.size - 1} : text;
  int count = only_digits(rest, " -./()", digits);
  if (country) return count >= 8 && count <= 15;
  if (count == 11 && text.size == 11) return digits[0] == '1' && digits[1] >= '3';
  if (count != 10 && !(count == 11 && digits[0] == '1')) return false;
  int groups = 0, run = 0, runs[8] = {0};
  for (size_t i = 0; i <= text.size; i++) {
    if (i < text.size && is_digit(text.data[i])) {
      run++;
    } else if (run > 0) {
      if (groups == 8) return false;
      runs[groups++] = run, run = 0;
    }
  }
  int from = count == 11 && runs[0] == 1;
  return groups == from + 3 && runs[from] == 3 && runs[from + 1] == 3 && runs[from + 2] == 4;
}

lathe_personal lathe_text_personal(const char *data, size_t size) {
  lathe_text text = trimmed(data, size);
  if (text.size < 6 || text.size > 254) return LATHE_PERSONAL_NONE;
  if (is_email(text)) return LATHE_PERSONAL_EMAIL;
  if (is_chinese_identity(text) || is_social_security(text)) return LATHE_PERSONAL_IDENTITY;
  if (is_card(text)) return LATHE_PERSONAL_CARD;
  if (is_iban(text)) return LATHE_PERSONAL_ACCOUNT;
  return is_phone(text) ? LATHE_PERSONAL_PHONE : LATHE_PERSONAL_NONE;
}

bool lathe_personal_fits(lathe_personal kind, lathe_text value) {
  lathe_text text = trimmed(value.data, value.size);
  int digits = 0, letters = 0, others = 0;
  for (size_t at = 0; at < text.size;) {
    uint32_t c;
    at += lathe_text_decode(text.data + at, text.size - at, &c);
    if (c >= '0' && c <= '9')
      digits++;
    else if (lathe_letter_is_alphanumeric(c))
      letters++;
    else
      others += !(c < 0x80 && strchr(" .,'-()\"/+", (int)c));
  }
  switch (kind) {
  case LATHE_PERSONAL_NAME:
    return letters >= 2 && digits == 0 && others == 0 && text.size <= 120;
  case LATHE_PERSONAL_PHONE:
    return digits >= 6 && digits <= 15 && letters == 0;
  case LATHE_PERSONAL_IDENTITY:
    return digits >= 4 && digits + letters >= 6 && digits + letters <= 30;
  case LATHE_PERSONAL_ACCOUNT:
  case LATHE_PERSONAL_CARD:
    return digits >= 8;
  case LATHE_PERSONAL_ADDRESS:
    return letters >= 3;
  default:
    return false;
  }
}

size_t lathe_text_form(const char *text, size_t size, char *out) {
  size_t written = 0;
  for (size_t at = 0; at < size;) {
    uint32_t c;
    size_t bytes = lathe_text_decode(text + at, size - at, &c);
    bool digit = c >= '0' && c <= '9', letter = !digit && lathe_letter_is_alphanumeric(c);
    if (digit || letter) {
      out[written++] = digit ? '9' : 'x';
    } else {
      memcpy(out + written, text + at, bytes);
      written += bytes;
    }
    at += bytes;
  }
  return written;
}

static bool is_between(char c) {
  return c && strchr(" \t\r\n,;|:<>()[]{}\"'", c);
}

size_t lathe_text_discreet(const char *text, size_t size, char *out) {
  size_t written = 0;
  for (size_t at = 0; at < size;) {
    size_t from = at;
    while (at < size && !is_between(text[at])) at++;
    if (lathe_text_personal(text + from, at - from)) {
      written += lathe_text_form(text + from, at - from, out + written);
      from = at;
    }
    while (at < size && is_between(text[at])) at++;
    memcpy(out + written, text + from, at - from);
    written += at - from;
  }
  return written;
}

/* ---- by the name of the column ---- */

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
  return kind                                                          ? kind
         : hint && lathe_personal_fits(hint, (lathe_text){text, size}) ? hint
                                                                       : LATHE_PERSONAL_NONE;
}

/* ---- as it may be shown ---- */

lathe_text lathe_value_shown(lathe_text value, lathe_text name, char *out) {
  char column[64];
  size_t size = lathe_text_fit(value.data, value.size, 40), named = name.size < sizeof column ? name.size : 0;
  if (size > LATHE_SHOWN) size = lathe_text_valid(value.data, LATHE_SHOWN);
  if (named) memcpy(column, name.data, named);
  column[named] = '\0';
  bool personal = lathe_value_personal(value.data, value.size, column) != LATHE_PERSONAL_NONE;
  return (lathe_text){out, personal ? lathe_text_form(value.data, size, out)
                                    : lathe_text_discreet(value.data, size, out)};
}
