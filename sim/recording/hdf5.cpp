#include "sim/recording/hdf5.h"

#include <algorithm>

namespace pensim::hdf5 {

void check(herr_t result, const char* what) {
  if (result < 0) throw HdfError{what};
}

void be_quiet() { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

Id string_type(std::size_t size) {
  Id type(H5Tcopy(H5T_C_S1), H5Tclose, "string type");
  check(H5Tset_size(type, std::max<std::size_t>(size, 1)), "string type");
  check(H5Tset_strpad(type, H5T_STR_NULLPAD), "string type");
  check(H5Tset_cset(type, H5T_CSET_UTF8), "string type");
  return type;
}

Id array_type(hid_t element, hsize_t count) { return Id(H5Tarray_create2(element, 1, &count), H5Tclose, "array type"); }

Id compound(std::size_t size) { return Id(H5Tcreate(H5T_COMPOUND, size), H5Tclose, "compound type"); }
void member(const Id& type, const char* name, std::size_t at, hid_t of) { check(H5Tinsert(type, name, at, of), name); }

}  // namespace pensim::hdf5
