/* interrupt.h - stopping Lua: Ctrl-C, SIGTERM and the screen's Esc. */
#ifndef LATHE_SCRIPT_INTERRUPT_H
#define LATHE_SCRIPT_INTERRUPT_H

#include <lua.h>
#include <stdbool.h>

/* Once, on the thread that runs `state`, before any Lua: starts the watcher thread and the signal handlers.
 */
void lathe_interrupt_start(lua_State *state);

/* lua_pcall with arguments and a message handler below them, as a call that an interrupt can stop. */
int lathe_interrupt_call(lua_State *state, int arguments, int results, int handler);

/* An interrupt stops only calls that are nested deeper than `level`; the level before. _level gives that of now. */
int lathe_interrupt_hold(int level);
int lathe_interrupt_level(void);

bool lathe_interrupt_seen(void);
bool lathe_interrupt_terminated(void);
void lathe_interrupt_clear(void);

#endif
