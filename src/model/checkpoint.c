/* checkpoint.c - see checkpoint.h. */
#include "checkpoint.h"

#include <string.h>
#include <unistd.h>

#include "../base/memory.h"

bool lathe_checkpoint_write(const char *path, const char *digest, const lathe_checkpoint_array *list,
                            int32_t count, lathe_error *error) {
  static const double none = 0;
  lathe_tensor_writer *writer = lathe_tensor_writer_new(error);
  if (!writer) return false;
  lathe_tensor_writer_seal(writer);
  bool fine = lathe_tensor_writer_metadata(writer, "format", "lathe checkpoint", 16, error) &&
              lathe_tensor_writer_metadata(writer, "digest", digest, strlen(digest), error);
  for (int32_t i = 0; fine && i < count; i++) {
    const lathe_checkpoint_array *array = &list[i];
    if (array->count > 0 && !array->data) continue;
    fine = lathe_tensor_writer_add(writer, array->name, array->dtype, 1, &array->count,
                                   array->count > 0 ? array->data : &none, error);
  }
  fine = fine && lathe_tensor_writer_write(writer, path, error);
  lathe_tensor_writer_free(writer);
  return fine;
}

static bool is_ours(const lathe_tensor_file *file, const char *digest, lathe_error *error) {
  lathe_text own = lathe_tensor_file_metadata(file, "digest");
  if (!lathe_tensor_file_check(file, error)) return false;
  if (own.data && own.size == strlen(digest) && memcmp(own.data, digest, own.size) == 0) return true;
  return lathe_error_set(
      error, LATHE_ERROR_DATA,
      "%s: the checkpoint is of other rows or options than these; delete it, or name another file",
      lathe_tensor_file_path(file));
}

bool lathe_checkpoint_open(const char *path, const char *digest, lathe_tensor_file **file,
                           lathe_error *error) {
  *file = NULL;
  if (!path || access(path, F_OK) != 0) return true;
  *file = lathe_tensor_file_open(path, error);
  if (*file && is_ours(*file, digest, error)) return true;
  lathe_tensor_file_release(*file);
  *file = NULL;
  return false;
}

bool lathe_checkpoint_fill(const lathe_tensor_file *file, const lathe_checkpoint_array *list, int32_t count,
                           lathe_error *error) {
  for (int32_t i = 0; i < count; i++) {
    const lathe_checkpoint_array *array = &list[i];
    lathe_tensor_view view;
    if (!array->data) continue;
    if (!lathe_tensor_file_get(file, array->name, array->dtype, 1, &view, error)) return false;
    if (view.count != array->count) return lathe_checkpoint_broken(file, error);
    if (view.count > 0) memcpy(array->data, view.data, (size_t)view.count * lathe_dtype_size(array->dtype));
  }
  return true;
}

bool lathe_checkpoint_take(const lathe_tensor_file *file, const char *name, lathe_dtype dtype, int32_t *count,
                           void *to, lathe_error *error) {
  lathe_tensor_view view;
  if (!lathe_tensor_file_get(file, name, dtype, 1, &view, error)) return false;
  if ((*count >= 0 && view.count != *count) || view.count > INT32_MAX)
    return lathe_checkpoint_broken(file, error);
  void *copy = lathe_memory_raw((size_t)view.count, lathe_dtype_size(dtype), error);
  if (!copy) return false;
  if (view.count > 0) memcpy(copy, view.data, (size_t)view.count * lathe_dtype_size(dtype));
  *count = (int32_t)view.count;
  *(void **)to = copy;
  return true;
}

bool lathe_checkpoint_broken(const lathe_tensor_file *file, lathe_error *error) {
  return lathe_error_set(error, LATHE_ERROR_DATA, "%s: the checkpoint is broken; delete it to begin anew",
                         lathe_tensor_file_path(file));
}

bool lathe_checkpoint_longer(const lathe_tensor_file *file, double has, int32_t wanted, const char *units,
                             lathe_error *error) {
  return lathe_error_set(error, LATHE_ERROR_DATA,
                         "%s: the checkpoint has %g %s, more than %d; give more %s, or delete it",
                         lathe_tensor_file_path(file), has, units, wanted, units);
}

void lathe_checkpoint_stopped(lathe_error *problem, const char *family, const char *path, int32_t done,
                              int32_t of, const char *units, bool shorter) {
  if (problem->code != LATHE_ERROR_CANCELLED) return;
  if (!path)
    lathe_error_set(
        problem, LATHE_ERROR_CANCELLED,
        "%s: stopped at %d of %d %s, and nothing is kept; with checkpoint = \"FILE\" the same call "
        "would go on from there",
        family, (int)done, (int)of, units);
  else if (done == 0 || !shorter)
    lathe_error_set(problem, LATHE_ERROR_CANCELLED,
                    "%s: stopped at %d of %d %s; the same call goes on from %s", family, (int)done, (int)of,
                    units, path);
  else
    lathe_error_set(problem, LATHE_ERROR_CANCELLED,
                    "%s: stopped at %d of %d %s; the same call goes on from %s, and with %s = %d it gives "
                    "the model so "
                    "far",
                    family, (int)done, (int)of, units, path, units, (int)done);
}
