/* Processes, and libraries that are loaded. */
#include "absent.h"

GROUP(processes, "a pen has one program and no processes: leave the call out, or answer it in the port")
BELOW(processes, _fork)
BELOW(processes, _execve)
BELOW(processes, _wait)
CALL(processes, fork)
CALL(processes, vfork)
CALL(processes, execve)
CALL(processes, execv)
CALL(processes, execvp)
CALL(processes, waitpid)
CALL(processes, wait)
CALL(processes, pipe)
CALL(processes, popen)
CALL(processes, dlopen)
CALL(processes, dlsym)

ASKED(system, "system()")
