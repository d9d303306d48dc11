// hdf5.h - HDF5 objects that close themselves, and the few types that recordings are made of.
#pragma once

#include <hdf5.h>

#include <cstddef>
#include <string>
#include <utility>

namespace pensim::hdf5 {

// What the library failed at: the name of an object, a place in the file.
struct HdfError {
  std::string what;
};

// An HDF5 object and how to close it.
class Id {
 public:
  Id() = default;
  Id(hid_t id, herr_t (*closer)(hid_t), const char* what) : id_(id), close_(closer) {
    if (id_ < 0) throw HdfError{what};
  }
  Id(Id&& other) noexcept : id_(other.id_), close_(other.close_) { other.id_ = -1; }
  Id& operator=(Id&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  ~Id() {
    if (id_ >= 0) close_(id_);
  }
  operator hid_t() const { return id_; }
  explicit operator bool() const { return id_ >= 0; }
  herr_t close() {
    const hid_t id = id_;
    id_ = -1;
    return close_(id);
  }

 private:
  hid_t id_ = -1;
  herr_t (*close_)(hid_t) = nullptr;
};

// Throws HdfError.
void check(herr_t result, const char* what);

// The library prints its error stack unless told otherwise; our callers get a sentence.
void be_quiet();

Id string_type(std::size_t size);  // UTF-8, padded with NUL
Id array_type(hid_t element, hsize_t count);
Id compound(std::size_t size);
void member(const Id& type, const char* name, std::size_t at, hid_t of);

}  // namespace pensim::hdf5
