#include "sim/recording/hdf5_output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace pensim {
namespace {

struct OutputFile {
  H5FD_t base;  // first: the library knows no more of it
  int file;
  haddr_t end_of_space, end_of_file;
  OutputState* state;
};

OutputFile* of(H5FD_t* file) { return reinterpret_cast<OutputFile*>(file); }
const OutputFile* of(const H5FD_t* file) { return reinterpret_cast<const OutputFile*>(file); }

H5FD_t* open_output(const char*, unsigned, hid_t file_access, haddr_t) {
  const void* const info = H5Pget_driver_info(file_access);
  if (!info) return nullptr;
  OutputState* state;
  std::memcpy(&state, info, sizeof state);
  const int file = ::fcntl(state->file, F_DUPFD_CLOEXEC, 0);
  if (file < 0) {
    state->error = errno;
    return nullptr;
  }
  struct stat status {};
  const auto size = ::fstat(file, &status) == 0 ? static_cast<haddr_t>(status.st_size) : 0;
  return &(new OutputFile{{}, file, 0, size, state})->base;
}

herr_t close_output(H5FD_t* file) {
  OutputFile* f = of(file);
  if (::close(f->file) != 0 && f->state->error == 0) f->state->error = errno;
  delete f;
  return 0;
}

herr_t read_output(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t at, size_t size, void* into) {
  auto* to = static_cast<unsigned char*>(into);
  while (size > 0) {
    const ssize_t n = ::pread(of(file)->file, to, size, static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {  // behind the end
      std::memset(to, 0, size);
      break;
    }
    to += n;
    at += static_cast<haddr_t>(n);
    size -= static_cast<size_t>(n);
  }
  return 0;
}

herr_t write_output(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t at, size_t size, const void* from) {
  OutputFile* f = of(file);
  const auto* bytes = static_cast<const unsigned char*>(from);
  while (size > 0 && f->state->error == 0) {
    const ssize_t n = ::pwrite(f->file, bytes, size, static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      f->state->error = n < 0 ? errno : ENOSPC;
      break;
    }
    bytes += n;
    at += static_cast<haddr_t>(n);
    size -= static_cast<size_t>(n);
  }
  if (at + size > f->end_of_file) f->end_of_file = at + size;
  return 0;
}

herr_t truncate_output(H5FD_t* file, hid_t, hbool_t) {
  OutputFile* f = of(file);
  if (f->end_of_space != f->end_of_file && f->state->error == 0 &&
      ::ftruncate(f->file, static_cast<off_t>(f->end_of_space)) != 0)
    f->state->error = errno;
  f->end_of_file = f->end_of_space;
  return 0;
}

herr_t features(const H5FD_t*, unsigned long* flags) {
  *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
           H5FD_FEAT_AGGREGATE_SMALLDATA | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
  return 0;
}

H5FD_class_t output_class() {
  H5FD_class_t c{};
  c.name = "pensim_output";
  c.maxaddr = static_cast<haddr_t>(INT64_MAX);
  c.fc_degree = H5F_CLOSE_STRONG;
  c.fapl_size = sizeof(OutputState*);
  c.open = open_output;
  c.close = close_output;
  c.query = features;
  c.get_eoa = [](const H5FD_t* f, H5FD_mem_t) { return of(f)->end_of_space; };
  c.set_eoa = [](H5FD_t* f, H5FD_mem_t, haddr_t end) -> herr_t {
    of(f)->end_of_space = end;
    return 0;
  };
  c.get_eof = [](const H5FD_t* f, H5FD_mem_t) { return of(f)->end_of_file; };
  c.read = read_output;
  c.write = write_output;
  c.truncate = truncate_output;
  const H5FD_mem_t map[H5FD_MEM_NTYPES] = H5FD_FLMAP_DICHOTOMY;
  std::memcpy(c.fl_map, map, sizeof map);
  return c;
}

}  // namespace

void use_output_driver(hid_t file_access, OutputState& state) {
  static const H5FD_class_t output = output_class();
  static const hid_t driver = H5FDregister(&output);
  OutputState* const pointer = &state;
  H5Pset_driver(file_access, driver, &pointer);
}

}  // namespace pensim
