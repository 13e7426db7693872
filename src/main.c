/* main.c - starts the Lua host and hands it the command line. */
#include "script/host.h"

int main(int count, char **arguments) {
  return lathe_host_run(count, arguments);
}
