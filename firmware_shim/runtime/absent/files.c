/* Files. In C++ cores _open() is there (pen_cxx.cpp), since <iostream> asks for it. */
#include "absent.h"

GROUP(files,
      "a pen has no files: print with printf(), or answer _open(), _stat(), _unlink() and their kind in the port, as "
      "in a vendor's "
      "syscalls.c")
BELOW(files, _open)
BELOW(files, _stat)
BELOW(files, _unlink)
BELOW(files, _link)
CALL(files, open)
CALL(files, stat)
CALL(files, unlink)
CALL(files, mkdir)
CALL(files, opendir)
CALL(files, readdir)

ASKED(fopen, "fopen()")
ASKED(freopen, "freopen()")
ASKED(remove, "remove()")
ASKED(rename, "rename()")
ASKED(tmpfile, "tmpfile()")
