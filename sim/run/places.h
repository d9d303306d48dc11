// places.h - where the recordings of a call go, looked at before the first run.
#pragma once

#include <vector>

#include "sim/input/input_error.h"
#include "sim/run/request.h"

namespace pensim {

// What stands in the way: two runs with one recording, a folder that cannot be made or written, a name that is too
// long, a file that is no recording of a run (it would have to give way), a disk that is too small for all of them.
// With RunOptions::force neither the last two. Nothing if no recording is kept.
std::vector<InputProblem> check_places(const std::vector<RunRequest>&, const RunOptions&);

// Which recordings a new one may take the place of (it becomes NAME.prev).
enum class GivesWay : unsigned char { recording_of_run, field_log };
// The same for a single recording that is to be written to `path`: why it may not be, "" if it may.
std::string recording_refusal(const std::string& path, GivesWay who, bool force);

// Why a folder that is not there cannot be made; "" if it can.
std::string folder_refusal(const std::string& folder);

// Bytes that the recording of a run takes on the disk, about; an hour of a pen is some gigabytes.
double recording_bytes(const ResolvedScenario&, bool compress);

}  // namespace pensim
