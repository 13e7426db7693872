/* host.c - finds lathe's Lua files, opens the state, runs the command line. */
#include "host.h"

#include <fcntl.h>
#include <lauxlib.h>
#include <limits.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <stdbool.h>

#include "interrupt.h"

static const char traceback_key = 't'; /* its address is the key of the last traceback in the registry */

static int on_error(lua_State *state) {
  luaL_traceback(state, state, NULL, 1);
  lua_pushlightuserdata(state, (void *)&traceback_key);
  lua_insert(state, -2);
  lua_settable(state, LUA_REGISTRYINDEX);
  return 1;
}

static int host_call(lua_State *state) {
  luaL_checkany(state, 1);
  lua_pushcfunction(state, on_error);
  lua_insert(state, 1);
  int status = lathe_interrupt_call(state, lua_gettop(state) - 2, LUA_MULTRET, 1);
  lua_pushboolean(state, status == 0);
  lua_replace(state, 1);
  if (status == 0) return lua_gettop(state);
  lua_pushlightuserdata(state, (void *)&traceback_key);
  lua_gettable(state, LUA_REGISTRYINDEX);
  return lua_gettop(state);
}

/* hold(true) keeps interrupts from what is not called by host.call from here on, and gives what was held before, which
 * hold takes back; hold(false) holds nothing. */
static int host_hold(lua_State *state) {
  int level = lua_toboolean(state, 1) ? lathe_interrupt_level() : 0;
  if (lua_isnumber(state, 1)) level = (int)lua_tointeger(state, 1);
  lua_pushinteger(state, lathe_interrupt_hold(level));
  return 1;
}

static int host_interrupted(lua_State *state) {
  lua_pushboolean(state, lathe_interrupt_seen());
  return 1;
}

static int host_terminated(lua_State *state) {
  lua_pushboolean(state, lathe_interrupt_terminated());
  return 1;
}

static int host_clear(lua_State *state) {
  (void)state;
  lathe_interrupt_clear();
  return 0;
}

static const luaL_Reg host_functions[] = {
    {"call", host_call},
    {"hold", host_hold},
    {"interrupted", host_interrupted},
    {"terminated", host_terminated},
    {"clear", host_clear},
    {NULL, NULL},
};

static void give_host_module(lua_State *state) {
  lua_getglobal(state, "package");
  lua_getfield(state, -1, "loaded");
  lua_newtable(state);
  luaL_register(state, NULL, host_functions);
  lua_setfield(state, -2, "lathe.host");
  lua_pop(state, 2);
}

/* Cut `path` behind its last slash but one, `times` times: the folder above. */
static void go_up(char *path, int times) {
  while (times-- > 0) {
    char *slash = strrchr(path, '/');
    if (slash) *slash = '\0';
  }
}

/* The source tree when the program lies in the tree it was built in: the first line of tree.conf beside it.
 */
static bool built_tree(const char *folder, char *source, size_t capacity) {
  char path[PATH_MAX + 16];
  snprintf(path, sizeof path, "%s/tree.conf", folder);
  FILE *file = fopen(path, "r");
  if (!file) return false;
  bool there = fgets(source, (int)capacity, file) != NULL;
  fclose(file);
  if (there) source[strcspn(source, "\n")] = '\0';
  return there;
}

/* Put lathe's own files in front of what LuaJIT looks through, and take relative entries out: a file in the
 * current folder must not stand in for a module. Traces that go on behind a call of a C function ("stitching") are
 * switched off: together with the profiler's line mode, by which interrupt.c stops compiled loops, they run wrong in the
 * LuaJIT of Debian 12: an encoder that recursed through table.sort and FFI calls skipped levels without an error. */
static const char set_paths[] =
    "jit.opt.start 'minstitch=1000000'\n"
    "local own = ...\n"
    "local function absolute(path)\n"
    "  local kept = {}\n"
    "  for entry in path:gmatch '[^;]+' do if entry:sub(1, 1) == '/' then kept[#kept + 1] = entry end end\n"
    "  return table.concat(kept, ';')\n"
    "end\n"
    "package.path = own .. ';' .. absolute(package.path)\n"
    "package.cpath = absolute(package.cpath)\n";

static bool find_files(lua_State *state) {
  char program[PATH_MAX], source[PATH_MAX];
  ssize_t size = readlink("/proc/self/exe", program, sizeof program - 1);
  if (size <= 0) return false;
  program[size] = '\0';
  lua_pushstring(state, program);
  lua_setglobal(state, "LATHE_PROGRAM");
  go_up(program, 1);
  if (luaL_loadbuffer(state, set_paths, sizeof set_paths - 1, "=paths")) return false;
  if (built_tree(program, source, sizeof source)) {
    go_up(program, 1);
    lua_pushfstring(state, "%s/lua/?.lua;%s/lua/?.lua;%s/lua/?/init.lua", program, source, source);
  } else {
    go_up(program, 1);
    lua_pushfstring(state, "%s/share/lua/5.1/?.lua;%s/share/lua/5.1/?/init.lua", program, program);
  }
  return lua_pcall(state, 1, 0, 0) == 0;
}

static int run_command(lua_State *state, int count, char **arguments) {
  lua_pushcfunction(state, on_error);
  lua_getglobal(state, "require");
  lua_pushliteral(state, "lathe.command");
  if (lua_pcall(state, 1, 1, -3) != 0) return -1;
  lua_getfield(state, -1, "main");
  lua_createtable(state, count, 0);
  for (int i = 1; i < count; i++) {
    lua_pushstring(state, arguments[i]);
    lua_rawseti(state, -2, i);
  }
  if (lathe_interrupt_call(state, 1, 1, 1) != 0) return -1;
  return (int)lua_tointeger(state, -1);
}

/* When standard files are closed (cmd >&-), the next file to be opened would get their numbers, and what is printed would
 * go into it. /dev/null, which can only be read here, takes their places: to print is an error. */
static void fill_standard_files(void) {
  int file;
  do file = open("/dev/null", O_RDONLY);
  while (file >= 0 && file <= STDERR_FILENO);
  if (file >= 0) close(file);
}

int lathe_host_run(int count, char **arguments) {
  fill_standard_files();
  lua_State *state = luaL_newstate();
  if (!state) {
    fputs("lathe: no memory to start Lua; close other programs\n", stderr);
    return 1;
  }
  luaL_openlibs(state);
  give_host_module(state);
  lathe_interrupt_start(state);
  int status = find_files(state) ? run_command(state, count, arguments) : -1;
  if (status < 0) {
    const char *message = lua_tostring(state, -1);
    fprintf(stderr, "lathe: %s\n", message ? message : "cannot find its own files; install it again");
    status = lathe_interrupt_seen() ? 130 : 1;
  }
  lua_close(state);
  return status;
}
