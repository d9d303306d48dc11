/* pen_posix.c - the names of POSIX for what newlib has with an underscore. libstdc++ calls them; linked where nobody
 * else defines them. */
#include "pen_runtime.h"

#ifdef PEN_CORE_IMPORTS

#include <reent.h>
#include <sys/stat.h>
#include <unistd.h>

#define WEAK __attribute__((weak))

WEAK int close(int file) { return _close_r(_REENT, file); }
WEAK _READ_WRITE_RETURN_TYPE read(int file, void* bytes, size_t count) { return _read_r(_REENT, file, bytes, count); }
WEAK _READ_WRITE_RETURN_TYPE write(int file, const void* bytes, size_t count) {
  return _write_r(_REENT, file, bytes, count);
}
WEAK off_t lseek(int file, off_t offset, int whence) { return _lseek_r(_REENT, file, offset, whence); }
WEAK int fstat(int file, struct stat* status) { return _fstat_r(_REENT, file, status); }
WEAK int isatty(int file) { return _isatty_r(_REENT, file); }

#endif
