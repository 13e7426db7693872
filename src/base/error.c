/* error.c - errors are written into the caller's struct; the text is cut at a whole character. */
#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

/* Bytes that are no characters, and pieces of characters where a name was cut short, become question marks; so do control
 * characters, which a file's name may have and a terminal would obey, but for line ends and tabs: those become blanks. */
static void mend_characters(char *message) {
  size_t size = strlen(message), at = 0;
  for (size_t i = 0; i < size; i++) {
    unsigned char c = (unsigned char)message[i];
    if (c < 0x20 || c == 0x7F) message[i] = c >= '\t' && c <= '\r' ? ' ' : '?';
  }
  while ((at += lathe_text_valid(message + at, size - at)) < size) message[at++] = '?';
}

static void write_message(lathe_error *error, lathe_error_code code, const char *format, va_list arguments) {
  error->code = code;
  int size = vsnprintf(error->message, sizeof error->message, format, arguments);
  size_t end = sizeof error->message - 1;
  if (size > (int)end) {
    while (end > 0 && ((unsigned char)error->message[end - 1] & 0xC0) == 0x80) end--;
    if (end > 0 && (unsigned char)error->message[end - 1] >= 0xC0) end--;
    error->message[end] = '\0';
  }
  mend_characters(error->message);
}

bool lathe_error_set(lathe_error *error, lathe_error_code code, const char *format, ...) {
  if (!error) return false;
  va_list arguments;
  va_start(arguments, format);
  write_message(error, code, format, arguments);
  va_end(arguments);
  return false;
}

bool lathe_error_system(lathe_error *error, const char *format, ...) {
  int number = errno;
  if (!error) return false;
  va_list arguments;
  va_start(arguments, format);
  write_message(error, LATHE_ERROR_FILE, format, arguments);
  va_end(arguments);
  size_t size = strlen(error->message);
  char words[128];
  snprintf(error->message + size, sizeof error->message - size, ": %s",
           strerror_r(number, words, sizeof words));
  return false;
}
