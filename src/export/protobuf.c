/* protobuf.c - https://protobuf.dev/programming-guides/encoding */
#include "protobuf.h"

#include <string.h>

enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };

static void append(lathe_message *message, const void *data, size_t size) {
  if (!message->failed && size > 0)
    message->failed = !lathe_buffer_append(&message->bytes, data, size, message->error);
}

static void varint(lathe_message *message, uint64_t value) {
  unsigned char bytes[10];
  size_t size = 0;
  do {
    bytes[size++] = (unsigned char)((value & 127) | (value > 127 ? 128 : 0));
    value >>= 7;
  } while (value > 0);
  append(message, bytes, size);
}

static void tag(lathe_message *message, int field, int wire) {
  varint(message, (uint64_t)field << 3 | (uint64_t)wire);
}

void lathe_message_integer(lathe_message *message, int field, int64_t value) {
  tag(message, field, WIRE_VARINT);
  varint(message, (uint64_t)value);
}

void lathe_message_bytes(lathe_message *message, int field, const void *data, size_t size) {
  tag(message, field, WIRE_BYTES);
  varint(message, size);
  append(message, data, size);
}

void lathe_message_text(lathe_message *message, int field, const char *text) {
  lathe_message_bytes(message, field, text, strlen(text));
}

void lathe_message_part(lathe_message *message, int field, lathe_message *part) {
  if (part->failed)
    message->failed = true;
  else
    lathe_message_bytes(message, field, part->bytes.data, part->bytes.size);
  lathe_buffer_free(&part->bytes);
}
