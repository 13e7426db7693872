/* protobuf.h - the little of the protocol buffers wire format that writing needs: varints, 32-bit numbers and
 * length-delimited pieces. The first failure is remembered, and nothing is written after it. Zero-initialise;
 * free with lathe_buffer_free(&message.bytes). */
#ifndef LATHE_EXPORT_PROTOBUF_H
#define LATHE_EXPORT_PROTOBUF_H

#include "../base/memory.h"

typedef struct lathe_message {
  lathe_buffer bytes;
  lathe_error *error;
  bool failed;
} lathe_message;

/* Append a field: a varint, bytes, or a NUL-terminated text. */
void lathe_message_integer(lathe_message *message, int field, int64_t value);
void lathe_message_bytes(lathe_message *message, int field, const void *data, size_t size);
void lathe_message_text(lathe_message *message, int field, const char *text);

/* Put `part` in as a message, and free it. */
void lathe_message_part(lathe_message *message, int field, lathe_message *part);

#endif
