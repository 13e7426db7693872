/* host.h - the one Lua state of the program: where its files lie, how it is started, how its calls are stopped.
 *
 * Only script/ sees lua_State. Lua runs on the thread that calls lathe_host_run. The module "lathe.host" that it gives to scripts:
 *
 *   call(f, ...)    pcall that Ctrl-C can stop, in compiled loops too: true, results... or false, message, traceback
 *   hold(on)        from here on an interrupt stops only calls made with `call` from this one; else it is just noted; gives what
 *                   held before, to hand back
 *   interrupted()   whether Ctrl-C was seen since the last clear()
 *   terminated()    whether SIGTERM was seen
 *   clear()         forget an interrupt and make the foreground's progress usable again */
#ifndef LATHE_SCRIPT_HOST_H
#define LATHE_SCRIPT_HOST_H

/* Run `require("lathe.command").main(arguments)`; the exit status of the program. */
int lathe_host_run(int count, char **arguments);

#endif
