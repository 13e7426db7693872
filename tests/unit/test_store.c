/* The project folder from C: objects, damage, staging of live and dead processes, runs; and what lies below it in base/system.h. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/system.h"
#include "store/store.h"
#include "tap.h"

static char folder[] = "/tmp/lathe-store-XXXXXX";
static lathe_error error;

static const char *below(const char *name) {
  static char paths[4][600];
  static int turn;
  turn = (turn + 1) % 4;
  snprintf(paths[turn], sizeof paths[turn], "%s/%s", folder, name);
  return paths[turn];
}

static int64_t count_in(const char *path) {
  lathe_folder *list = lathe_folder_list(path, NULL);
  int64_t count = list ? lathe_folder_count(list) : -1;
  lathe_folder_free(list);
  return count;
}

static void test_system(void) {
  lathe_path_state state;
  ok(lathe_file_write(below("a"), "12345", 5, &error) &&
         lathe_path_look(below("a"), &state) == LATHE_PATH_FILE && state.size == 5,
     "a file is seen with its size");
  ok(lathe_path_look(below("none"), NULL) == LATHE_PATH_NONE, "nothing is seen where nothing is");
  ok(lathe_folder_make(below("deep/er/est"), &error) &&
         lathe_path_look(below("deep/er"), NULL) == LATHE_PATH_FOLDER,
     "folders are made with those above them");
  ok(symlink(below("a"), below("deep/link")) == 0 && lathe_path_remove(below("deep"), &error),
     "a tree with a link is removed");
  ok(lathe_path_look(below("deep"), NULL) == LATHE_PATH_NONE &&
         lathe_path_look(below("a"), NULL) == LATHE_PATH_FILE,
     "and what the link names is not");
  ok(lathe_path_remove(below("none"), &error), "removing what is not there succeeds");
  ok(lathe_path_move(below("a"), below("b"), &error) && lathe_path_look(below("b"), NULL) == LATHE_PATH_FILE,
     "a file is moved");
  ok(!lathe_path_move(below("none"), below("c"), &error) && strstr(error.message, "/c"),
     "a move that fails names the place");
  char *real = lathe_path_real(below("."), &error);
  ok(real && strcmp(real, folder) == 0, "a path without its dots");
  lathe_path_free(real);
  ok(!lathe_path_real(below("none"), &error), "what does not exist has no real path");
  ok(!lathe_folder_list(below("none"), &error) && strstr(error.message, "cannot be listed"),
     "nor can it be listed");
  lathe_folder *list = lathe_folder_list(folder, &error);
  ok(list && lathe_folder_count(list) == 1 && strcmp(lathe_folder_name(list, 0), "b") == 0 &&
         !lathe_folder_name(list, 1),
     "a folder's names");
  lathe_folder_free(list);
  double before = lathe_clock();
  ok(lathe_clock() >= before && lathe_clock_wall() > 1e9 && lathe_process_peak() > 0,
     "clocks run and memory is measured");
}

static void test_objects(lathe_store *store) {
  char hash[33], again[33], path[700];
  int64_t size = 0;
  ok(lathe_store_put(store, "hello", 5, hash, &error), "bytes are kept");
  lathe_hash_bytes("hello", 5, again);
  ok(strcmp(hash, again) == 0 && lathe_store_has(store, hash, 5) && !lathe_store_has(store, hash, 6),
     "under their hash");
  snprintf(path, sizeof path, "%s/objects/%.2s/%s", lathe_store_path(store), hash, hash + 2);
  struct stat first, second;
  ok(stat(path, &first) == 0 && (first.st_mode & 0222) == 0, "as a file that nobody may write");
  ok(lathe_store_put(store, "hello", 5, again, &error) && stat(path, &second) == 0 &&
         first.st_ino == second.st_ino,
     "what is there is not written again");
  ok(lathe_store_put(store, "", 0, again, &error) && lathe_store_has(store, again, 0) &&
         lathe_store_check(store, again, &error),
     "no bytes are an object too");
  ok(truncate(path, 3) == 0 && !lathe_store_check(store, hash, &error) && strstr(error.message, "damaged"),
     "a torn object is found");
  ok(!lathe_store_has(store, hash, 5), "and removed");
  ok(lathe_store_put(store, "hello", 5, hash, &error) &&
         lathe_store_restore(store, hash, below("out/of/here"), &error),
     "made again, it is restored");
  ok(lathe_path_look(below("out/of/here"), NULL) == LATHE_PATH_FILE, "with the folders above it");
  ok(lathe_store_take_file(store, below("out/of/here"), again, &size, &error) && size == 5 &&
         strcmp(hash, again) == 0 && lathe_path_look(below("out/of/here"), NULL) == LATHE_PATH_NONE,
     "a file is moved in");
  ok(!lathe_store_put_file(store, below("none"), hash, NULL, &error) && strstr(error.message, "/none"),
     "a file that is not there is said");
  ok(!lathe_store_check(store, "../../../../etc/passwd/0000000000", &error), "only hashes are names");
}

/* A process that is killed with a file in the making. */
static void test_staging(lathe_store *store) {
  const char *mine = lathe_store_staging(store, &error);
  ok(mine && count_in(below(".lathe/tmp")) == 1, "an opened store has a folder for files in the making");
  int ready[2];
  if (pipe(ready) != 0) return;
  pid_t child = fork();
  if (child == 0) {
    lathe_store *other = lathe_store_open(folder, true, NULL);
    bool made = other && lathe_store_staging(other, NULL) && lathe_store_run_begin(other, NULL);
    if (write(ready[1], made ? "y" : "n", 1) != 1) _exit(1);
    pause();
    _exit(0);
  }
  char word = 0;
  ok(read(ready[0], &word, 1) == 1 && word == 'y' && count_in(below(".lathe/tmp")) == 2,
     "another process has one of its own");
  lathe_folder *runs = lathe_folder_list(below(".lathe/runs"), NULL);
  const char *id = runs ? lathe_folder_name(runs, 0) : "";
  ok(lathe_store_run_alive(store, id), "its run goes on");
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  ok(!lathe_store_run_alive(store, id), "killed, it does not");
  lathe_folder_free(runs);
  ok(count_in(below(".lathe/tmp")) == 2, "what it had in the making is left");
  lathe_store *later = lathe_store_open(folder, true, &error);
  ok(lathe_store_staging(later, &error) && count_in(below(".lathe/tmp")) == 2,
     "and swept by the next, which leaves ours");
  lathe_store_close(later);
  ok(count_in(below(".lathe/tmp")) == 1 && lathe_path_look(mine, NULL) == LATHE_PATH_FOLDER,
     "a closed store leaves nothing");
}

static void test_runs(lathe_store *store) {
  lathe_store_run *run = lathe_store_run_begin(store, &error), *next = lathe_store_run_begin(store, &error);
  ok(run && next && strcmp(lathe_store_run_id(run), lathe_store_run_id(next)) != 0,
     "runs have ids of their own");
  ok(lathe_store_run_event(run, "{}", 2, false, &error) &&
         lathe_store_run_event(run, "{\"a\":1}", 7, true, &error),
     "events are appended");
  char path[700];
  snprintf(path, sizeof path, "%s/runs/%s/journal.jsonl", lathe_store_path(store), lathe_store_run_id(run));
  lathe_mapping *journal = lathe_mapping_open(path, &error);
  ok(journal && lathe_mapping_size(journal) == 11 &&
         memcmp(lathe_mapping_data(journal), "{}\n{\"a\":1}\n", 11) == 0,
     "a line each");
  lathe_mapping_release(journal);
  lathe_store_run_end(run);
  lathe_store_run_end(next);
}

int main(void) {
  if (!mkdtemp(folder)) return 1;
  test_system();
  ok(!lathe_store_open(folder, false, &error) && strstr(error.message, "run a flow first"),
     "a folder without a project is said");
  lathe_store *store = lathe_store_open(folder, true, &error);
  ok(store != NULL, "a project is made");
  lathe_store *second = lathe_store_open(folder, false, &error);
  ok(second != NULL, "and opened");
  lathe_store_close(second);
  test_objects(store);
  test_staging(store);
  test_runs(store);
  ok(lathe_store_write(store, "steps/k.json", "x", 1, &error) && count_in(below(".lathe/steps")) == 1,
     "small files appear whole");
  ok(lathe_file_write(below(".lathe/format"), "9\n", 2, &error) && !lathe_store_open(folder, true, &error) &&
         strstr(error.message, "format 1"),
     "a later format is refused");
  lathe_store_close(store);
  lathe_path_remove(folder, NULL);
  return done_testing();
}
