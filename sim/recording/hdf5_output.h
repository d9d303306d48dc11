// hdf5_output.h - an HDF5 file that is being written, on a disk that may be full.
//
// When a write fails, the HDF5 library cannot close the file any more and crashes when the program ends. So failures
// are kept from it: the first one is noted here, and from then on what it writes is dropped. The caller looks at
// `error` after closing, and removes the file.
#pragma once

#include <hdf5.h>

namespace pensim {

struct OutputState {
  int file;       // what is written to, whatever name the library is given; it gets copies of this descriptor
  int error = 0;  // errno of the first failure
};

// Lets `file_access` write through this. `state` must outlive the file.
void use_output_driver(hid_t file_access, OutputState& state);

}  // namespace pensim
